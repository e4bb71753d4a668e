//! Boards: vCPUs, memory and devices wired together; boot protocols, firmware, snapshots.
//!
//! A [`Machine`] is made from a [`config::MachineConfig`] and a
//! [`console::HostConsole`]; [`Machine::run`] runs it to its end.
//!
//! Knows nothing about terminals or the command line. Messages name settings as
//! [`config::MachineOptions`] does; a program that calls them differently says so
//! ([`config::name_settings`]).

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
