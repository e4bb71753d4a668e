//! What the program needs of the host's operating system: terminals, signals, streams,
//! the process.
//!
//! No other module of this crate knows which system that is.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::time::Duration;

#[cfg(unix)]
pub use unix::{exit, make_limits_errors, signals, streams, terminal, usage};
#[cfg(windows)]
pub use windows::{exit, make_limits_errors, signals, streams, terminal, usage};

/// What this process has used of the host; 0 where that does not tell.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    /// CPU time in user mode.
    pub user: Duration,
    /// CPU time in the host's kernel.
    pub system: Duration,
    /// Memory at its peak, in bytes.
    pub peak_memory: u64,
}
