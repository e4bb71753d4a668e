//! Boards: vCPUs, memory and devices wired together; boot protocols, firmware, snapshots.
//!
//! A [`Machine`] is made from a [`config::MachineConfig`] and a
//! [`console::HostConsole`]; [`Machine::run`] runs it to its end.
//!
//! Knows nothing about terminals or the command line, except that its errors
//! name settings by the options of the program.

pub mod board;
pub mod boot;
pub mod config;
pub mod console;
mod debug;
mod error;
pub mod files;
pub mod firmware;
pub mod machine;

pub use error::MachineError;
pub use machine::{
    ExitStatus, Machine, MachineHandle, MachineState, MachineStats, MemoryStats, Parts, device_tree,
};
