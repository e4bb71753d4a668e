//! Boards: vCPUs, memory and devices wired together; boot protocols, firmware, snapshots.
//!
//! A [`Machine`] is made from a [`config::MachineConfig`] and a
//! [`console::HostConsole`]; [`Machine::run`] runs it to its end:
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use vm_machine::{Machine, config::MachineOptions};
//! use vm_machine::console::{HostConsole, MemoryOutput};
//!
//! let config = MachineOptions::default().kernel("vmlinux").cpus(2u32).build()?;
//! let output = Arc::new(MemoryOutput::with_limit(1 << 20));
//! let mut machine = Machine::new(config, HostConsole::new(output.clone()))?;
//! let status = machine.run()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Other threads pause, save and stop it through its [`MachineHandle`]. A program that wants
//! to look around calls [`Machine::run_until_stop`], which returns for pauses and at
//! breakpoints too: between two calls, registers and memory can be read and written, vCPUs
//! stepped, and the state taken. `examples/debugger.rs` does so.
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
    ExitStatus, Machine, MachineHandle, MachineState, MachineStats, MemoryStats, Parts, StopReason,
    device_tree,
};
pub use vm_engine::guest::{RegisterError, Registers};
