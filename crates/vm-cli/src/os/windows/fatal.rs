//! The console where the program ends by a fault.
#![allow(
    unsafe_code,
    reason = "the console is to be restored in the thread that faults"
)]

use windows_sys::Win32::System::Diagnostics::Debug::{
    EXCEPTION_CONTINUE_SEARCH, EXCEPTION_POINTERS, SetUnhandledExceptionFilter,
};

use super::terminal;

/// Has the console restored when the program ends by a fault.
pub(super) fn restore_terminal_on_faults() {
    // SAFETY: `on_fault` may be called at any place: it takes no lock and no memory.
    unsafe { SetUnhandledExceptionFilter(Some(on_fault)) };
}

/// Restores the console and leaves the rest to the host.
unsafe extern "system" fn on_fault(_: *const EXCEPTION_POINTERS) -> i32 {
    terminal::restore();
    EXCEPTION_CONTINUE_SEARCH
}
