//! Stops the machine from outside: keys, signals, time.

use std::{io, sync::Arc, thread};

use parking_lot::Mutex;
use vm_machine::{ExitStatus, MachineHandle};

use super::last_resort::LastResort;
use crate::{
    exit::{self, StopReason},
    lines,
    os::{self, terminal},
};

/// Stops the machine and remembers why. Clones stop the same machine.
#[derive(Clone)]
pub struct Stopper {
    machine: MachineHandle,
    last_resort: LastResort,
    reason: Arc<Mutex<Option<StopReason>>>,
}

impl Stopper {
    /// A stopper of `machine`, and of the program if the machine cannot be stopped.
    pub fn new(machine: MachineHandle, last_resort: LastResort) -> Self {
        Self {
            machine,
            last_resort,
            reason: Arc::default(),
        }
    }

    /// Stops the machine. The first reason counts.
    pub fn stop(&self, reason: StopReason) {
        let reason = *self.reason.lock().get_or_insert(reason);
        let code = exit::code(ExitStatus::Stopped, Some(reason));
        self.last_resort.stopping(code);
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
            Some(StopReason::Bug) => lines::err("\ntrine: stopped by its own mistake, see above"),
            Some(StopReason::Quit) | None => {}
        }
    }

    /// Starts a thread without which the machine could not be controlled: should it
    /// panic, the machine is stopped.
    ///
    /// # Errors
    /// The host's error if it has no thread left.
    pub fn serve(&self, name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let guard = StopOnPanic(self.clone());
        let run = move || {
            let _guard = guard;
            run();
        };
        let thread = thread::Builder::new().name(name.into()).spawn(run);
        thread.map(|_| ())
    }

    /// Stops the machine because of a signal. If that was asked for already, ends
    /// the program at once.
    pub fn end_by(&self, signal: i32) {
        let reason = StopReason::Signal(signal);
        if self.reason().is_none() {
            self.stop(reason);
            return;
        }
        terminal::restore();
        let code = exit::code(ExitStatus::Stopped, Some(reason));
        // Not by way of exit handlers: somebody may hold what they wait for.
        os::exit(code);
    }
}

struct StopOnPanic(Stopper);

impl Drop for StopOnPanic {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.stop(StopReason::Bug);
        }
    }
}
