//! The project's own commands: `cargo xtask <command>`, one module of
//! [`commands`] each.

pub mod commands;
pub mod guests;
pub mod process;
pub mod tidy;
pub mod tools;
pub mod workspace;
