//! Memory for generated code: one view to write, another to execute.
#![allow(
    unsafe_code,
    reason = "writes to memory by address that is executed by another"
)]

use std::{io, ops::Range, slice};

use crate::os::CodeViews;

/// A stretch of memory for code. Nothing in it runs while there is a reference to it:
/// code runs while the engine waits for it.
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

    /// Where so many bytes are, if they are within the memory.
    fn range(&self, at: u32, len: usize) -> Option<Range<usize>> {
        let start = at as usize;
        let end = start.checked_add(len)?;
        (end <= self.size()).then_some(start..end)
    }

    /// So many bytes, to be written.
    pub(super) fn bytes_mut(&mut self, at: u32, len: usize) -> Option<&mut [u8]> {
        let range = self.range(at, len)?;
        // SAFETY: within the mapping, as just checked; it is borrowed as a whole, and
        // whoever refers to the other view borrows it, too.
        Some(unsafe {
            let start = self.views.writable().as_ptr().add(range.start);
            slice::from_raw_parts_mut(start, len)
        })
    }

    /// So many bytes as they were written, and as they are executed.
    pub(super) fn views(&self, at: u32, len: usize) -> Option<(&[u8], &[u8])> {
        let range = self.range(at, len)?;
        let (written, executed) = (self.views.writable(), self.views.executable());
        // SAFETY: within both mappings, as just checked, which are borrowed as a whole:
        // nobody writes meanwhile.
        Some(unsafe {
            let [written, executed] = [written, executed]
                .map(|view| slice::from_raw_parts(view.as_ptr().add(range.start), len));
            (written, executed)
        })
    }

    /// Puts code at `at`, if it fits.
    pub(super) fn write(&mut self, at: u32, code: &[u8]) {
        if let Some(bytes) = self.bytes_mut(at, code.len()) {
            bytes.copy_from_slice(code);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_seen_where_it_is_executed() {
        let mut memory = CodeMemory::new(8192).unwrap();
        memory.write(0, &[1, 2, 3]);
        memory.write(16, &[4; 8]);
        memory.bytes_mut(18, 4).unwrap().fill(9);
        let (written, executed) = memory.views(0, 24).unwrap();
        assert_eq!(executed[..3], [1, 2, 3]);
        assert_eq!(executed[16..], [4, 4, 9, 9, 9, 9, 4, 4]);
        assert_eq!(written, executed);
        assert_ne!(written.as_ptr() as usize, memory.address(0));
        assert_eq!(memory.offset(memory.address(18)), Some(18));
        assert_eq!(memory.offset(0), None);
    }

    #[test]
    fn nothing_is_written_beyond_the_end() {
        let mut memory = CodeMemory::new(4096).unwrap();
        memory.write(4000, &[1; 97]);
        assert!(memory.bytes_mut(4093, 4).is_none() && memory.bytes_mut(u32::MAX, 4).is_none());
        assert!(memory.bytes_mut(4092, 4).is_some());
        let (_, executed) = memory.views(0, 4096).unwrap();
        assert!(executed.iter().all(|&byte| byte == 0));
    }
}
