//! `--timeout`: it counts from the start of the program, whatever that is doing.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use parking_lot::Mutex;

use super::control::Stopper;
use crate::{
    error::CliError,
    exit::{self, StopReason},
    lines, os,
};

/// When the program has to end. Until there is a machine to be stopped, nothing
/// stops what waits in the host, for a pipe or a server, but the end of the process.
pub struct Deadline {
    began: Instant,
    armed: bool,
    machine: Arc<Mutex<Option<Stopper>>>,
}

impl Deadline {
    /// The time begins, and nobody has said yet when it ends.
    pub fn begin() -> Self {
        Self {
            began: Instant::now(),
            armed: false,
            machine: Arc::default(),
        }
    }

    /// Sets how many seconds there are. The first word counts.
    ///
    /// # Errors
    /// [`CliError`] if the host has no thread left.
    pub fn set(&mut self, seconds: Option<u64>) -> Result<(), CliError> {
        let Some(seconds) = seconds.filter(|_| !self.armed) else {
            return Ok(());
        };
        self.armed = true;
        let (began, machine) = (self.began, Arc::clone(&self.machine));
        let wait = move || {
            let time = Duration::from_secs(seconds);
            thread::sleep(time.saturating_sub(began.elapsed()));
            match &*machine.lock() {
                Some(stopper) => stopper.stop(StopReason::Timeout),
                None => end(),
            }
        };
        let thread = thread::Builder::new().name("timeout".into()).spawn(wait);
        thread
            .map(|_| ())
            .map_err(CliError::host("start a thread for --timeout"))
    }

    /// From now on there is a machine.
    pub fn stops(&self, machine: &Stopper) {
        *self.machine.lock() = Some(machine.clone());
    }
}

fn end() {
    lines::err("trine: the time was over before the machine ran (--timeout)");
    // Not by way of exit handlers: somebody may hold what they wait for.
    os::exit(exit::TIMEOUT);
}
