//! What a console asks of its programs.
#![allow(unsafe_code, reason = "the host calls a function")]

use std::{
    sync::{Arc, OnceLock},
    thread,
    time::Duration,
};

use windows_sys::{
    Win32::System::Console::{
        CTRL_BREAK_EVENT, CTRL_C_EVENT, STD_OUTPUT_HANDLE, SetConsoleCtrlHandler,
    },
    core::BOOL,
};

use vm_machine::console::Screen;

use super::console;
use crate::{error::CliError, run::control::Stopper};

/// The numbers that the C library has for them.
const SIGINT: i32 = 2;
const SIGTERM: i32 = 15;
const SIGBREAK: i32 = 21;

/// A console does not tell of its size to who reads it as a terminal.
const SIZE_INTERVAL: Duration = Duration::from_millis(500);

/// Whom [`on_event`] tells.
static STOPPER: OnceLock<Stopper> = OnceLock::new();

/// Stops the machine when the user asks for the program's end, or the console or the
/// session ends. A second time ends the program at once. The size of the console
/// goes to `screen`.
///
/// # Errors
/// [`CliError`] if the host refuses.
pub fn watch(stopper: &Stopper, screen: Arc<Screen>) -> Result<(), CliError> {
    let stopper = STOPPER.get_or_init(|| stopper.clone());
    // SAFETY: `on_event` is there for as long as the process.
    if unsafe { SetConsoleCtrlHandler(Some(on_event), 1) } == 0 {
        let cause = std::io::Error::last_os_error();
        return Err(CliError::host("watch for the end of the console")(cause));
    }
    let watch = move || {
        let mut size = console::size(STD_OUTPUT_HANDLE);
        while size.is_some() {
            thread::sleep(SIZE_INTERVAL);
            let now = console::size(STD_OUTPUT_HANDLE);
            if let Some(new) = now.filter(|_| now != size) {
                screen.resize(new);
            }
            size = now;
        }
    };
    let started = stopper.serve("console size", watch);
    started.map_err(CliError::host("start a thread for the console's size"))
}

/// The host runs it in a thread of its own.
unsafe extern "system" fn on_event(event: u32) -> BOOL {
    let Some(stopper) = STOPPER.get() else {
        return 0;
    };
    let signal = match event {
        CTRL_C_EVENT => SIGINT,
        CTRL_BREAK_EVENT => SIGBREAK,
        _ => SIGTERM,
    };
    stopper.end_by(signal);
    if signal == SIGTERM {
        // When this returns, the host ends the process; it does so anyhow, but later.
        loop {
            thread::park();
        }
    }
    1
}
