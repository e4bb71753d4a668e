//! Memory for generated code: one mapping to write, another to execute.
#![allow(
    unsafe_code,
    reason = "maps memory and writes to it by address, once as data and once as code"
)]

use std::{ffi::c_void, io, ptr::NonNull};

use rustix::{
    fs::{MemfdFlags, ftruncate, memfd_create},
    mm::{
        MapFlags, MprotectFlags, MremapFlags, ProtFlags, mmap, mmap_anonymous, mprotect, mremap,
        munmap,
    },
};

/// A stretch of memory for code.
///
/// No address is ever both writable and executable.
#[derive(Debug)]
pub(super) struct CodeMemory {
    writable: NonNull<u8>,
    executable: NonNull<u8>,
    size: usize,
}

// SAFETY: both mappings belong to this value alone and are tied to no thread.
unsafe impl Send for CodeMemory {}

impl CodeMemory {
    /// `size` bytes, reserved now and taken from the host as they are used.
    pub(super) fn new(size: usize) -> io::Result<Self> {
        Self::anonymous(size).or_else(|_| Self::file(size))
    }

    /// Not a named file: `perf` looks into its map for anonymous memory only.
    fn anonymous(size: usize) -> io::Result<Self> {
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a new mapping at an address of the kernel's choice.
        let writable =
            unsafe { mmap_anonymous(std::ptr::null_mut(), size, protection, MapFlags::SHARED) };
        let writable = not_null(writable?)?;
        let executable = map_again(writable, size).inspect_err(|_| unmap(writable, size))?;
        Ok(Self {
            writable,
            executable,
            size,
        })
    }

    /// For hosts that do not map anonymous memory twice, as Valgrind does not.
    fn file(size: usize) -> io::Result<Self> {
        let file = memfd_create("trine-code", MemfdFlags::CLOEXEC)?;
        ftruncate(&file, size as u64)?;
        let map = |protection| {
            // SAFETY: a new mapping at an address of the kernel's choice.
            let address = unsafe {
                mmap(
                    std::ptr::null_mut(),
                    size,
                    protection,
                    MapFlags::SHARED,
                    &file,
                    0,
                )
            };
            not_null(address?)
        };
        let writable = map(ProtFlags::READ | ProtFlags::WRITE)?;
        let executable = map(ProtFlags::READ | ProtFlags::EXEC);
        let executable = executable.inspect_err(|_| unmap(writable, size))?;
        Ok(Self {
            writable,
            executable,
            size,
        })
    }

    /// Bytes there are.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Writes within the memory; anything else changes nothing.
    fn store(&mut self, at: usize, bytes: &[u8]) {
        let fits = at.checked_add(bytes.len());
        if fits.is_some_and(|end| end <= self.size) {
            // SAFETY: within the mapping, as just checked; nobody else writes,
            // and `bytes` cannot lie in it.
            unsafe {
                let to = self.writable.as_ptr().add(at);
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
        self.executable.as_ptr() as usize + offset as usize
    }

    /// Offset of an address, if it is in here.
    pub(super) fn offset(&self, address: usize) -> Option<u32> {
        let offset = address.checked_sub(self.executable.as_ptr() as usize)?;
        (offset < self.size).then_some(offset as u32)
    }
}

/// Maps the shared memory at `writable` once more, to be executed.
fn map_again(writable: NonNull<u8>, size: usize) -> io::Result<NonNull<u8>> {
    let old: *mut c_void = writable.as_ptr().cast();
    // SAFETY: a mapping of our own. With an old size of 0, mremap(2) leaves it
    // alone and makes a second one of its memory, where the kernel chooses.
    let executable = unsafe { mremap(old, 0, size, MremapFlags::MAYMOVE) };
    let executable = not_null(executable?)?;
    let flags = MprotectFlags::READ | MprotectFlags::EXEC;
    // SAFETY: the new mapping as a whole, to which nobody has a pointer yet.
    let protected = unsafe { mprotect(executable.as_ptr().cast(), size, flags) };
    match protected {
        Ok(()) => Ok(executable),
        Err(error) => {
            unmap(executable, size);
            Err(error.into())
        }
    }
}

fn not_null(address: *mut c_void) -> io::Result<NonNull<u8>> {
    NonNull::new(address.cast()).ok_or_else(|| io::Error::from(io::ErrorKind::OutOfMemory))
}

/// The displacement at `at` that leads to `target`: relative to its own end.
pub(super) fn displacement(at: u32, target: u32) -> u32 {
    target.wrapping_sub(at).wrapping_sub(4)
}

impl Drop for CodeMemory {
    fn drop(&mut self) {
        unmap(self.writable, self.size);
        unmap(self.executable, self.size);
    }
}

fn unmap(address: NonNull<u8>, size: usize) {
    let address: *mut c_void = address.as_ptr().cast();
    // SAFETY: one of our own mappings, as a whole; nobody uses it any more.
    // A failure leaves it mapped, which harms nobody.
    let _ = unsafe { munmap(address, size) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_seen_where_it_is_executed() {
        for memory in [CodeMemory::anonymous(8192), CodeMemory::file(8192)] {
            check_both_sides(memory.unwrap());
        }
    }

    fn check_both_sides(mut memory: CodeMemory) {
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
