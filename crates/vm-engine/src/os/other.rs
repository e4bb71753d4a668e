//! Systems without a way to have memory twice: guests are interpreted.

use std::{io, ptr::NonNull};

use super::CodeViews;

pub(super) fn map_code(_size: usize) -> io::Result<CodeViews> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "not on this operating system yet",
    ))
}

/// There is nothing to unmap.
pub(super) fn unmap(_address: NonNull<u8>, _size: usize) {}

/// The clock of this thread, where the system is like Unix.
#[cfg(unix)]
pub(super) fn thread_cpu_ns() -> u64 {
    super::unix::thread_cpu_ns()
}

#[cfg(not(unix))]
pub(super) fn thread_cpu_ns() -> u64 {
    0
}
