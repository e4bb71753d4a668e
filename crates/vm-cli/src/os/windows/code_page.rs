//! How a console turns the bytes that are written to it into characters.
#![allow(unsafe_code, reason = "the host's functions for that")]

use windows_sys::Win32::System::Console::{GetConsoleOutputCP, SetConsoleOutputCP};

/// That of UTF-8.
pub(super) const UTF_8: u32 = 65001;

/// The one in use.
pub(super) fn get() -> u32 {
    // SAFETY: changes nothing.
    unsafe { GetConsoleOutputCP() }
}

/// Uses another one, if the host has it.
pub(super) fn set(page: u32) {
    // SAFETY: takes any number, and refuses what is none.
    let _ = unsafe { SetConsoleOutputCP(page) };
}
