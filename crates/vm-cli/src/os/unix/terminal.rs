//! The user's terminal, which passes every key on while a machine runs.
//!
//! Nothing here waits for output to drain: the terminal may be stopped, and
//! then that would take for ever. Nothing takes a lock either, for signal handlers
//! restore the terminal, too.

use std::{
    io,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use rustix::{
    process::getpgrp,
    termios::{
        OptionalActions, OutputModes, Termios, isatty, tcgetattr, tcgetpgrp, tcgetwinsize,
        tcsetattr,
    },
};

use vm_device::virtio::TerminalSize;
use vm_machine::console::Screen;

use super::fatal;
use crate::error::CliError;

/// What the terminal was like before it was changed. It is global because the
/// ends of a program that need it are: signals.
static BEFORE: OnceLock<Termios> = OnceLock::new();
/// Whether it is changed, or is to be changed again.
static ACTIVE: AtomicBool = AtomicBool::new(false);

/// Keeps the terminal in raw mode while it lives, if there is one.
pub struct RawTerminal {
    active: bool,
}

impl RawTerminal {
    /// Changes the terminal, if `wanted` and standard input is one. What was
    /// typed before is kept.
    ///
    /// # Errors
    /// [`CliError`] if the terminal refuses.
    pub fn enter(wanted: bool) -> Result<Self, CliError> {
        let stdin = rustix::stdio::stdin();
        if !wanted || !isatty(stdin) {
            return Ok(Self { active: false });
        }
        let enter = || -> io::Result<()> {
            fatal::restore_terminal_on_faults()?;
            let before = tcgetattr(stdin)?;
            let before = BEFORE.get_or_init(|| before);
            ACTIVE.store(true, Ordering::SeqCst);
            Ok(tcsetattr(stdin, OptionalActions::Now, &raw(before))?)
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
fn raw(before: &Termios) -> Termios {
    let mut mode = before.clone();
    mode.make_raw();
    mode.output_modes |= OutputModes::OPOST;
    mode
}

/// Makes the terminal what it was, for good. Does nothing if it was not changed.
/// Signal handlers may call it.
pub fn restore() {
    if ACTIVE.swap(false, Ordering::SeqCst) {
        leave();
    }
}

/// Makes the terminal what it was while the program is stopped.
pub fn leave() {
    if let Some(before) = BEFORE.get() {
        set(before);
    }
}

/// Changes the terminal again after somebody else did. Does nothing if it is
/// not to be changed.
pub fn enter_again() {
    if ACTIVE.load(Ordering::SeqCst)
        && let Some(before) = BEFORE.get()
    {
        set(&raw(before));
    }
}

/// Sets the mode of a terminal that is ours at the moment. One that is gone
/// needs no mode, and one that a shell lends to another job is that job's.
fn set(mode: &Termios) {
    let stdin = rustix::stdio::stdin();
    // It has no foreground if it is not the one that controls this process.
    if tcgetpgrp(stdin).is_ok_and(|foreground| foreground != getpgrp()) {
        return;
    }
    // Should that change right now, nobody is there to wake a stopped process.
    let mut block = SigSet::empty();
    block.add(Signal::SIGTTOU);
    let mask = block.thread_swap_mask(SigmaskHow::SIG_BLOCK);
    let _ = tcsetattr(stdin, OptionalActions::Now, mode);
    if let Ok(mask) = mask {
        let _ = mask.thread_set_mask();
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

#[cfg(test)]
mod tests;
