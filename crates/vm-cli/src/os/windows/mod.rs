//! Windows.

mod code_page;
mod console;
mod fatal;
mod process;
pub mod signals;
pub mod streams;
pub mod terminal;

pub use process::{exit, make_limits_errors, usage};
