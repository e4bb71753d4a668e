//! The user's terminal, which passes every key on while a machine runs.

use std::{io, panic, sync::Once};

use parking_lot::Mutex;
use rustix::termios::{
    OptionalActions, OutputModes, Termios, isatty, tcgetattr, tcgetwinsize, tcsetattr,
};

use vm_device::virtio::TerminalSize;
use vm_machine::console::Screen;

use crate::error::CliError;

/// What the terminal was like, while it is changed. It is global because the
/// ends of a program that need it are: panics and signals.
static SAVED: Mutex<Option<Termios>> = Mutex::new(None);

/// Keeps the terminal in raw mode while it lives, if there is one.
pub struct RawTerminal {
    active: bool,
}

impl RawTerminal {
    /// Changes the terminal, if `wanted` and standard input is one.
    ///
    /// # Errors
    /// [`CliError`] if the terminal refuses.
    pub fn enter(wanted: bool) -> Result<Self, CliError> {
        let stdin = rustix::stdio::stdin();
        if !wanted || !isatty(stdin) {
            return Ok(Self { active: false });
        }
        restore_on_panic();
        let enter = || -> io::Result<()> {
            let before = tcgetattr(stdin)?;
            *SAVED.lock() = Some(before.clone());
            Ok(tcsetattr(stdin, OptionalActions::Flush, &raw(before))?)
        };
        enter().map_err(CliError::host("change the mode of the terminal"))?;
        Ok(Self { active: true })
    }

    /// Whether standard input is a terminal that was changed.
    pub fn is_active(&self) -> bool {
        self.active
    }
}

impl Drop for RawTerminal {
    fn drop(&mut self) {
        restore();
    }
}

/// Raw mode, but for output: bare-metal programs end lines without a carriage return.
fn raw(mut mode: Termios) -> Termios {
    mode.make_raw();
    mode.output_modes |= OutputModes::OPOST;
    mode
}

/// Makes the terminal what it was. Does nothing if it was not changed.
pub fn restore() {
    if let Some(before) = SAVED.lock().take() {
        // A terminal that is gone needs no restoring.
        let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Drain, &before);
    }
}

/// Changes the terminal again after somebody else did. Does nothing if it was
/// not changed before.
pub fn enter_again() {
    if let Some(before) = &*SAVED.lock() {
        let mode = raw(before.clone());
        let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &mode);
    }
}

/// Tells the guest the terminal's size, if there is a terminal.
pub fn measure(screen: &Screen) {
    if let Ok(size) = tcgetwinsize(rustix::stdio::stdout()) {
        screen.resize(TerminalSize {
            columns: size.ws_col,
            rows: size.ws_row,
        });
    }
}

/// A message about a panic belongs on a terminal that can show it.
fn restore_on_panic() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            restore();
            report(info);
        }));
    });
}
