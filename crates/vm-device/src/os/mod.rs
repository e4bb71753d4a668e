//! What devices need of the host's operating system.
//!
//! No other module of this crate knows which system that is.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;
pub(crate) mod ready;

use std::{fs::File, io};

#[cfg(target_os = "linux")]
use linux as system;
#[cfg(not(target_os = "linux"))]
use other as system;

/// Gives a range of a file back to its file system; it reads as zeros then. `false` where
/// the host or the file system cannot.
///
/// # Errors
/// What the host says.
pub(crate) fn punch(file: &File, offset: u64, len: u64) -> io::Result<bool> {
    system::punch(file, offset, len)
}

/// Has the host zero a range of a file. `false` where it or the file system cannot.
///
/// # Errors
/// What the host says.
pub(crate) fn zero(file: &File, offset: u64, len: u64) -> io::Result<bool> {
    system::zero(file, offset, len)
}
