//! macOS.
//!
//! `MAP_JIT` is for processors where memory of the same process can be written by one
//! thread and executed by another: one address, whose protection each thread switches.
//! Two addresses need no switch, and x86-64 lets a process have them, as long as
//! it is not signed for the hardened runtime: then this fails, and the guest is
//! interpreted.
#![allow(unsafe_code, reason = "maps memory, once as data and once as code")]

use std::{io, ptr::NonNull};

use mach2::{
    kern_return::KERN_SUCCESS, traps::mach_task_self, vm::mach_vm_remap,
    vm_inherit::VM_INHERIT_NONE, vm_statistics::VM_FLAGS_ANYWHERE,
};
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect};

pub(super) use super::unix::{thread_cpu_ns, unmap};
use super::{CodeViews, unix::not_null};

pub(super) fn map_code(size: usize) -> io::Result<CodeViews> {
    // Apple's own processors have two addresses only with `MAP_JIT`, and the system alone
    // makes instructions visible there.
    if cfg!(target_arch = "aarch64") {
        return Err(io::ErrorKind::Unsupported.into());
    }
    let protection = ProtFlags::READ | ProtFlags::WRITE;
    // SAFETY: a new mapping at an address of the kernel's choice.
    let writable =
        unsafe { mmap_anonymous(std::ptr::null_mut(), size, protection, MapFlags::PRIVATE) };
    let writable = not_null(writable?)?;
    let executable = map_again(writable, size).inspect_err(|_| unmap(writable, size))?;
    Ok(CodeViews {
        writable,
        executable,
        size,
    })
}

/// Maps the memory at `writable` once more, to be executed.
fn map_again(writable: NonNull<u8>, size: usize) -> io::Result<NonNull<u8>> {
    let mut address = 0;
    let (mut current, mut maximum) = (0, 0);
    // SAFETY: shares (`copy` is false) a mapping of our own, at an address of the
    // kernel's choice; it writes to the three variables.
    let result = unsafe {
        let task = mach_task_self();
        mach_vm_remap(
            task,
            &mut address,
            size as u64,
            0,
            VM_FLAGS_ANYWHERE,
            task,
            writable.as_ptr() as u64,
            0,
            &mut current,
            &mut maximum,
            VM_INHERIT_NONE,
        )
    };
    if result != KERN_SUCCESS {
        let message = format!("mach_vm_remap failed with {result}");
        return Err(io::Error::other(message));
    }
    let executable = not_null(address as *mut _)?;
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
