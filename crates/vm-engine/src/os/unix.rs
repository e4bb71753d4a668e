//! What all systems have that are like Unix.
#![allow(unsafe_code, reason = "unmaps memory by address")]

use std::{ffi::c_void, io, ptr::NonNull};

use rustix::{
    mm::munmap,
    time::{ClockId, clock_gettime},
};

pub(super) fn thread_cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

pub(super) fn unmap(address: NonNull<u8>, size: usize) {
    let address: *mut c_void = address.as_ptr().cast();
    // SAFETY: one of our own mappings, as a whole; nobody uses it any more.
    // A failure leaves it mapped, which harms nobody.
    let _ = unsafe { munmap(address, size) };
}

/// The address of a new mapping.
pub(super) fn not_null(address: *mut c_void) -> io::Result<NonNull<u8>> {
    NonNull::new(address.cast()).ok_or_else(|| io::Error::from(io::ErrorKind::OutOfMemory))
}
