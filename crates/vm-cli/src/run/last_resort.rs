//! The end of the program where a part of it is stuck.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use parking_lot::{Condvar, Mutex};

use crate::{
    error::CliError,
    exit, lines,
    os::{self, terminal},
};

/// How long the program may take to end once somebody has asked for that.
const STOP_PATIENCE: Duration = Duration::from_secs(3);
/// How long each part of the end may take that nobody has asked for.
const END_PATIENCE: Duration = Duration::from_secs(30);

/// Ends the program when its regular end takes too long. A disk, a pipe or a
/// console may keep any thread waiting in the host for ever, and a thread
/// cannot be taken away from there but with its process. Clones are the same.
#[derive(Clone)]
pub struct LastResort(Arc<Shared>);

#[derive(Default)]
struct Shared {
    due: Mutex<Due>,
    changed: Condvar,
}

/// When to end.
#[derive(Default)]
struct Due {
    at: Option<Instant>,
    code: u8,
    /// Nothing changes it any more.
    fixed: bool,
}

impl LastResort {
    /// Starts the thread that will do it: there may be none to be had later.
    ///
    /// # Errors
    /// [`CliError`] if the host has no thread left.
    pub fn new() -> Result<Self, CliError> {
        let shared = Arc::<Shared>::default();
        let theirs = Arc::clone(&shared);
        thread::Builder::new()
            .name("last resort".into())
            .spawn(move || end(theirs.wait()))
            .map_err(CliError::host("start a thread for the end"))?;
        Ok(Self(shared))
    }

    /// The program is to end, with this code, as somebody asked for.
    pub fn stopping(&self, code: u8) {
        self.set(Some(STOP_PATIENCE), code, true);
    }

    /// A part of the end begins, which would give this code.
    pub fn ending(&self, code: u8) {
        self.set(Some(END_PATIENCE), code, false);
    }

    /// A part of the end begins that limits itself.
    pub fn relax(&self) {
        self.set(None, exit::ERROR, false);
    }

    fn set(&self, patience: Option<Duration>, code: u8, fixed: bool) {
        let mut due = self.0.due.lock();
        if due.fixed {
            return;
        }
        *due = Due {
            at: patience.map(|patience| Instant::now() + patience),
            // What did not come to its end is not a success.
            code: if code == exit::SUCCESS {
                exit::ERROR
            } else {
                code
            },
            fixed,
        };
        self.0.changed.notify_one();
    }

    /// What sees to the end when this thread panics.
    pub fn on_panic(&self) -> impl Drop + use<> {
        OnPanic(self.clone())
    }
}

struct OnPanic(LastResort);

impl Drop for OnPanic {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.stopping(exit::BUG);
        }
    }
}

impl Shared {
    /// Waits until the program is to end; returns the exit code.
    fn wait(&self) -> u8 {
        let mut due = self.due.lock();
        loop {
            match due.at {
                None => self.changed.wait(&mut due),
                Some(at) if at <= Instant::now() => return due.code,
                Some(at) => {
                    self.changed.wait_until(&mut due, at);
                }
            }
        }
    }
}

fn end(code: u8) {
    terminal::restore();
    lines::err("\ntrine: ended without a disk, a pipe or a file that does not answer");
    // Not by way of exit handlers: somebody may hold what they wait for.
    os::exit(code);
}
