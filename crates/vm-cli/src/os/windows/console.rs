//! The console that standard input and output are connected to.
#![allow(unsafe_code, reason = "the host's functions for consoles")]

use std::{io, ptr};

use windows_sys::Win32::{
    Foundation::HANDLE,
    System::Console::{
        CONSOLE_MODE, CONSOLE_SCREEN_BUFFER_INFO, GetConsoleMode, GetConsoleScreenBufferInfo,
        GetStdHandle, ReadConsoleW, STD_HANDLE, SetConsoleMode,
    },
};

use vm_device::virtio::TerminalSize;

/// The handle of a standard stream.
fn handle(which: STD_HANDLE) -> HANDLE {
    // SAFETY: changes nothing; what it returns belongs to the process.
    unsafe { GetStdHandle(which) }
}

/// The mode of a standard stream if it is a console.
pub(super) fn mode(which: STD_HANDLE) -> Option<CONSOLE_MODE> {
    let mut mode = 0;
    // SAFETY: fails if the handle is that of no console; it writes to the variable.
    let told = unsafe { GetConsoleMode(handle(which), &mut mode) };
    (told != 0).then_some(mode)
}

/// Changes the mode of a standard stream that is a console.
pub(super) fn set_mode(which: STD_HANDLE, mode: CONSOLE_MODE) -> io::Result<()> {
    // SAFETY: fails if the handle is that of no console.
    match unsafe { SetConsoleMode(handle(which), mode) } {
        0 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// The size of what is seen of a standard stream if it is a console's screen.
pub(super) fn size(which: STD_HANDLE) -> Option<TerminalSize> {
    let mut info = CONSOLE_SCREEN_BUFFER_INFO::default();
    // SAFETY: fails if the handle is that of no screen; it writes to the variable.
    let told = unsafe { GetConsoleScreenBufferInfo(handle(which), &mut info) };
    let window = info.srWindow;
    let count = |from: i16, to: i16| u16::try_from(i32::from(to) - i32::from(from) + 1).ok();
    (told != 0).then_some(TerminalSize {
        columns: count(window.Left, window.Right)?,
        rows: count(window.Top, window.Bottom)?,
    })
}

/// Waits for UTF-16 from a standard stream that is a console; returns how much there is.
pub(super) fn read(which: STD_HANDLE, text: &mut [u16]) -> io::Result<usize> {
    let mut count = 0;
    let room = u32::try_from(text.len()).unwrap_or(u32::MAX);
    // SAFETY: writes at most `room` units to `text`, and to the variable.
    let done = unsafe {
        let text = text.as_mut_ptr().cast();
        ReadConsoleW(handle(which), text, room, &mut count, ptr::null())
    };
    match done {
        0 => Err(io::Error::last_os_error()),
        _ => Ok(count as usize),
    }
}
