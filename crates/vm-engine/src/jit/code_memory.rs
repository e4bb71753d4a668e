//! Memory for generated code: one view to write, another to execute.
#![allow(
    unsafe_code,
    reason = "writes to memory by address that is executed by another"
)]

use std::io;

use crate::os::CodeViews;

/// A stretch of memory for code.
#[derive(Debug)]
pub(super) struct CodeMemory {
    views: CodeViews,
}

// SAFETY: both views belong to this value alone and are tied to no thread.
unsafe impl Send for CodeMemory {}

impl CodeMemory {
    /// `size` bytes, reserved now and taken from the host as they are used.
    pub(super) fn new(size: usize) -> io::Result<Self> {
        let views = CodeViews::new(size)?;
        Ok(Self { views })
    }

    /// Bytes there are.
    pub(super) fn size(&self) -> usize {
        self.views.size()
    }

    /// Writes within the memory; anything else changes nothing.
    fn store(&mut self, at: usize, bytes: &[u8]) {
        let fits = at.checked_add(bytes.len());
        if fits.is_some_and(|end| end <= self.size()) {
            // SAFETY: within the mapping, as just checked; nobody else writes,
            // and `bytes` cannot lie in it.
            unsafe {
                let to = self.views.writable().as_ptr().add(at);
                std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len());
            }
        }
    }

    /// Puts code at `at`.
    pub(super) fn write(&mut self, at: u32, code: &[u8]) {
        self.store(at as usize, code);
    }

    /// Sets 32 bits at `at`.
    pub(super) fn set_u32(&mut self, at: u32, value: u32) {
        self.store(at as usize, &value.to_le_bytes());
    }

    /// Sets the displacement at `at` so that it leads to `target`.
    pub(super) fn set_displacement(&mut self, at: u32, target: u32) {
        self.set_u32(at, displacement(at, target));
    }

    /// Address at which the code at an offset is executed.
    pub(super) fn address(&self, offset: u32) -> usize {
        self.views.executable().as_ptr() as usize + offset as usize
    }

    /// Offset of an address, if it is in here.
    pub(super) fn offset(&self, address: usize) -> Option<u32> {
        let offset = address.checked_sub(self.views.executable().as_ptr() as usize)?;
        (offset < self.size()).then_some(offset as u32)
    }
}

/// The displacement at `at` that leads to `target`: relative to its own end.
pub(super) fn displacement(at: u32, target: u32) -> u32 {
    target.wrapping_sub(at).wrapping_sub(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_seen_where_it_is_executed() {
        let mut memory = CodeMemory::new(8192).unwrap();
        memory.write(0, &[1, 2, 3]);
        memory.write(16, &[4; 8]);
        memory.set_u32(18, 0x0a0b_0c0d);
        // SAFETY: 24 bytes of the mapping, which lives as long as `memory`.
        let seen = unsafe { std::slice::from_raw_parts(memory.address(0) as *const u8, 24) };
        assert_eq!(seen[..3], [1, 2, 3]);
        assert_eq!(seen[16..], [4, 4, 0x0d, 0x0c, 0x0b, 0x0a, 4, 4]);
        assert_eq!(memory.offset(memory.address(18)), Some(18));
        assert_eq!(memory.offset(0), None);
    }

    #[test]
    fn nothing_is_written_beyond_the_end() {
        let mut memory = CodeMemory::new(4096).unwrap();
        memory.write(4000, &[1; 97]);
        memory.set_u32(4093, u32::MAX);
        // SAFETY: all of the mapping, which lives as long as `memory`.
        let seen = unsafe { std::slice::from_raw_parts(memory.address(0) as *const u8, 4096) };
        assert!(seen.iter().all(|&byte| byte == 0));
    }
}
