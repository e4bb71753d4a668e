//! Stops the machine from outside: keys, signals, time.

use std::{io, sync::Arc, thread};

use parking_lot::Mutex;
use signal_hook::{
    consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGWINCH},
    iterator::Signals,
};
use vm_machine::{ExitStatus, MachineHandle, console::Screen};

use super::terminal;
use crate::{
    error::CliError,
    exit::{self, StopReason},
    lines,
};

/// Stops the machine and remembers why. Clones stop the same machine.
#[derive(Clone)]
pub struct Stopper {
    machine: MachineHandle,
    reason: Arc<Mutex<Option<StopReason>>>,
}

impl Stopper {
    /// A stopper of `machine`.
    pub fn new(machine: MachineHandle) -> Self {
        Self {
            machine,
            reason: Arc::default(),
        }
    }

    /// Stops the machine. The first reason counts.
    pub fn stop(&self, reason: StopReason) {
        self.reason.lock().get_or_insert(reason);
        self.machine.stop();
    }

    /// Why the machine was stopped, if it was.
    pub fn reason(&self) -> Option<StopReason> {
        *self.reason.lock()
    }

    /// Tells the user why the machine was stopped, where it is not obvious.
    pub fn report(&self) {
        match self.reason() {
            Some(StopReason::Timeout) => {
                lines::err("\ntrine: stopped: the time is over (--timeout)")
            }
            Some(StopReason::Signal(signal)) => {
                lines::err(format_args!("\ntrine: stopped by signal {signal}"))
            }
            Some(StopReason::Quit) | None => {}
        }
    }

    /// Stops the machine at the first signal that asks for the program's end.
    /// A second one ends the program at once. Signals about the terminal are
    /// acted on; its size goes to `screen`.
    ///
    /// # Errors
    /// [`CliError`] if the host refuses.
    pub fn watch_signals(&self, screen: Arc<Screen>) -> Result<(), CliError> {
        let watched = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCONT, SIGWINCH];
        let mut signals = Signals::new(watched).map_err(CliError::host("watch for signals"))?;
        let stopper = self.clone();
        spawn("signals", move || {
            for signal in signals.forever() {
                match signal {
                    // The shell has set the terminal to its own taste meanwhile.
                    SIGCONT => terminal::enter_again(),
                    SIGWINCH => terminal::measure(&screen),
                    _ => stopper.end_by(signal),
                }
            }
        })
        .map_err(CliError::host("start a thread for signals"))
    }

    fn end_by(&self, signal: i32) {
        let reason = StopReason::Signal(signal);
        if self.reason().is_none() {
            self.stop(reason);
            return;
        }
        terminal::restore();
        let code = exit::code(ExitStatus::Stopped, Some(reason));
        std::process::exit(code.into());
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let thread = thread::Builder::new().name(name.into()).spawn(run);
    thread.map(|_| ())
}
