//! The user's console, which passes every key on while a machine runs.

use std::{
    io,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use windows_sys::Win32::System::Console::{
    CONSOLE_MODE, DISABLE_NEWLINE_AUTO_RETURN, ENABLE_ECHO_INPUT, ENABLE_LINE_INPUT,
    ENABLE_MOUSE_INPUT, ENABLE_PROCESSED_INPUT, ENABLE_PROCESSED_OUTPUT,
    ENABLE_VIRTUAL_TERMINAL_INPUT, ENABLE_VIRTUAL_TERMINAL_PROCESSING, ENABLE_WINDOW_INPUT,
    STD_INPUT_HANDLE, STD_OUTPUT_HANDLE,
};

use vm_machine::console::Screen;

use super::{code_page, console, fatal};
use crate::error::CliError;

/// What the console was like before it was changed.
static BEFORE: OnceLock<Before> = OnceLock::new();
/// Whether it is changed.
static ACTIVE: AtomicBool = AtomicBool::new(false);

/// Modes, and how bytes are turned into characters.
struct Before {
    input: CONSOLE_MODE,
    /// If standard output is a console, too.
    output: Option<CONSOLE_MODE>,
    code_page: u32,
}

/// Keeps the console in raw mode while it lives, if there is one.
pub struct RawTerminal {
    active: bool,
}

impl RawTerminal {
    /// Changes the console, if `wanted` and standard input is one.
    ///
    /// # Errors
    /// [`CliError`] if the console refuses.
    pub fn enter(wanted: bool) -> Result<Self, CliError> {
        let input = console::mode(STD_INPUT_HANDLE).filter(|_| wanted);
        let Some(input) = input else {
            return Ok(Self { active: false });
        };
        fatal::restore_terminal_on_faults();
        let before = BEFORE.get_or_init(|| Before {
            input,
            output: console::mode(STD_OUTPUT_HANDLE),
            code_page: code_page::get(),
        });
        ACTIVE.store(true, Ordering::SeqCst);
        // From here on, whatever happens, what was changed is changed back.
        let terminal = Self { active: true };
        make_raw(before).map_err(CliError::host("change the mode of the console"))?;
        Ok(terminal)
    }

    /// Whether standard input is a console that was changed.
    pub fn is_active(&self) -> bool {
        self.active
    }
}

impl Drop for RawTerminal {
    fn drop(&mut self) {
        restore();
    }
}

/// Keys become characters and escape sequences as terminals have them, Ctrl-C included.
/// Output is that of a terminal: bare-metal programs end lines without a carriage
/// return, which the console adds.
fn make_raw(before: &Before) -> io::Result<()> {
    let taken = ENABLE_LINE_INPUT
        | ENABLE_ECHO_INPUT
        | ENABLE_PROCESSED_INPUT
        | ENABLE_MOUSE_INPUT
        | ENABLE_WINDOW_INPUT;
    let input = before.input & !taken | ENABLE_VIRTUAL_TERMINAL_INPUT;
    console::set_mode(STD_INPUT_HANDLE, input)?;
    if let Some(output) = before.output {
        let output = output & !DISABLE_NEWLINE_AUTO_RETURN
            | ENABLE_PROCESSED_OUTPUT
            | ENABLE_VIRTUAL_TERMINAL_PROCESSING;
        console::set_mode(STD_OUTPUT_HANDLE, output)?;
        code_page::set(code_page::UTF_8);
    }
    Ok(())
}

/// Makes the console what it was, for good. Does nothing if it was not changed.
pub fn restore() {
    if !ACTIVE.swap(false, Ordering::SeqCst) {
        return;
    }
    if let Some(before) = BEFORE.get() {
        // A console that is gone needs no mode.
        let _ = console::set_mode(STD_INPUT_HANDLE, before.input);
        if let Some(output) = before.output {
            let _ = console::set_mode(STD_OUTPUT_HANDLE, output);
            code_page::set(before.code_page);
        }
    }
}

/// Tells the guest the console's size, if there is a console.
pub fn measure(screen: &Screen) {
    if let Some(size) = console::size(STD_OUTPUT_HANDLE) {
        screen.resize(size);
    }
}
