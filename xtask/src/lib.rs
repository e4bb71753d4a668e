//! The project's own commands: `cargo xtask <command>`, one module of
//! [`commands`] each.

mod asm;
pub mod bare;
pub mod bench;
pub mod commands;
pub mod fuzz;
pub mod gate;
pub mod guests;
pub mod litmus;
pub mod perf;
pub mod process;
pub mod tidy;
pub mod tools;
pub mod workspace;
