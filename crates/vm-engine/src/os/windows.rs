//! Windows.
#![allow(unsafe_code, reason = "maps memory, once as data and once as code")]

use std::{
    io,
    os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle},
    ptr::{self, NonNull},
};

use windows_sys::Win32::{
    Foundation::{FILETIME, INVALID_HANDLE_VALUE},
    System::{
        Memory::{
            CreateFileMappingW, FILE_MAP_EXECUTE, FILE_MAP_READ, FILE_MAP_WRITE,
            MEMORY_MAPPED_VIEW_ADDRESS, MapViewOfFile, PAGE_EXECUTE_READWRITE, UnmapViewOfFile,
        },
        Threading::{GetCurrentThread, GetThreadTimes},
    },
};

use super::CodeViews;

/// Two views of one section of the paging file. The protection of the section is only
/// what its views may have.
pub(super) fn map_code(size: usize) -> io::Result<CodeViews> {
    let section = section(size)?;
    let writable = view(&section, FILE_MAP_READ | FILE_MAP_WRITE)?;
    let executable =
        view(&section, FILE_MAP_READ | FILE_MAP_EXECUTE).inspect_err(|_| unmap(writable, size))?;
    // The views keep the section, not its handle.
    Ok(CodeViews {
        writable,
        executable,
        size,
    })
}

fn section(size: usize) -> io::Result<OwnedHandle> {
    let size = size as u64;
    // SAFETY: neither security attributes nor a name; the paging file is no handle of ours.
    let handle = unsafe {
        CreateFileMappingW(
            INVALID_HANDLE_VALUE,
            ptr::null(),
            PAGE_EXECUTE_READWRITE,
            (size >> 32) as u32,
            size as u32,
            ptr::null(),
        )
    };
    if handle.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: a new handle that nobody else knows.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}

/// A view of all of the section.
fn view(section: &OwnedHandle, access: u32) -> io::Result<NonNull<u8>> {
    // SAFETY: a new mapping at an address of the system's choice.
    let view = unsafe { MapViewOfFile(section.as_raw_handle(), access, 0, 0, 0) };
    NonNull::new(view.Value.cast()).ok_or_else(io::Error::last_os_error)
}

pub(super) fn unmap(address: NonNull<u8>, _size: usize) {
    let view = MEMORY_MAPPED_VIEW_ADDRESS {
        Value: address.as_ptr().cast(),
    };
    // SAFETY: a view of our own; nobody uses it any more. A failure leaves it
    // mapped, which harms nobody.
    let _ = unsafe { UnmapViewOfFile(view) };
}

pub(super) fn thread_cpu_ns() -> u64 {
    let (mut created, mut ended) = (FILETIME::default(), FILETIME::default());
    let (mut kernel, mut user) = (FILETIME::default(), FILETIME::default());
    // SAFETY: the pseudo handle of this thread; it writes to the four variables.
    let told = unsafe {
        GetThreadTimes(
            GetCurrentThread(),
            &mut created,
            &mut ended,
            &mut kernel,
            &mut user,
        )
    };
    if told == 0 {
        return 0;
    }
    ticks(kernel).wrapping_add(ticks(user)).wrapping_mul(100)
}

/// Units of 100 ns.
fn ticks(time: FILETIME) -> u64 {
    u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime)
}
