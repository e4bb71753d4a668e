//! Linux.
#![allow(unsafe_code, reason = "maps memory, once as data and once as code")]

use std::{ffi::c_void, io, ptr::NonNull};

use rustix::{
    fs::{MemfdFlags, ftruncate, memfd_create},
    mm::{MapFlags, MprotectFlags, MremapFlags, ProtFlags, mmap, mmap_anonymous, mprotect, mremap},
};

pub(super) use super::unix::{thread_cpu_ns, unmap};
use super::{CodeViews, unix::not_null};

pub(super) fn map_code(size: usize) -> io::Result<CodeViews> {
    anonymous(size).or_else(|_| file(size))
}

/// Not a named file: `perf` looks into its map for anonymous memory only.
fn anonymous(size: usize) -> io::Result<CodeViews> {
    let protection = ProtFlags::READ | ProtFlags::WRITE;
    // SAFETY: a new mapping at an address of the kernel's choice.
    let writable =
        unsafe { mmap_anonymous(std::ptr::null_mut(), size, protection, MapFlags::SHARED) };
    let writable = not_null(writable?)?;
    let executable = map_again(writable, size).inspect_err(|_| unmap(writable, size))?;
    Ok(CodeViews {
        writable,
        executable,
        size,
    })
}

/// For hosts that do not map anonymous memory twice, as Valgrind does not.
fn file(size: usize) -> io::Result<CodeViews> {
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
    Ok(CodeViews {
        writable,
        executable,
        size,
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_map_the_same_memory_twice() {
        for views in [anonymous(8192), file(8192)] {
            let views = views.unwrap();
            // SAFETY: the first and the last byte of both mappings, which nobody else uses.
            let seen = unsafe {
                views.writable.write(0x5a);
                views.writable.add(8191).write(0xa5);
                [views.executable.read(), views.executable.add(8191).read()]
            };
            assert_eq!(seen, [0x5a, 0xa5]);
        }
    }
}
