//! What the engine needs of the host's operating system: memory for code, a clock, and a
//! fence for all threads.
//!
//! No other module of this crate knows which system that is.

mod barrier;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
mod other;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::{io, ptr::NonNull};

pub(crate) use barrier::{enable_heavy_fence, heavy_fence};
#[cfg(target_os = "linux")]
use linux as system;
#[cfg(target_os = "macos")]
use macos as system;
#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
use other as system;
#[cfg(windows)]
use windows as system;

/// CPU time of the calling thread, in nanoseconds; 0 where the system does not tell.
pub(crate) fn thread_cpu_ns() -> u64 {
    system::thread_cpu_ns()
}

/// Memory that is mapped twice, once to be written to, once to be executed: no
/// address is ever both.
#[derive(Debug)]
pub(crate) struct CodeViews {
    writable: NonNull<u8>,
    executable: NonNull<u8>,
    size: usize,
}

impl CodeViews {
    /// `size` bytes, reserved now and taken from the host as they are used.
    ///
    /// # Errors
    /// If the host has no such memory.
    pub(crate) fn new(size: usize) -> io::Result<Self> {
        system::map_code(size)
    }

    /// Where to write.
    pub(crate) fn writable(&self) -> NonNull<u8> {
        self.writable
    }

    /// Where the same is executed.
    pub(crate) fn executable(&self) -> NonNull<u8> {
        self.executable
    }

    /// Bytes there are.
    pub(crate) fn size(&self) -> usize {
        self.size
    }
}

impl Drop for CodeViews {
    fn drop(&mut self) {
        system::unmap(self.writable, self.size);
        system::unmap(self.executable, self.size);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_counts_what_this_thread_computes() {
        let start = thread_cpu_ns();
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while thread_cpu_ns() == start {
            assert!(std::time::Instant::now() < deadline, "the clock stands");
        }
    }
}
