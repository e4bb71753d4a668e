//! The thread that serves a device's queues, so that no vCPU waits for the host.

// The path is for the model, which includes this file from elsewhere.
#[cfg(test)]
#[path = "worker/tests.rs"]
mod tests;

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::{Duration, Instant},
};

use super::{device::Activation, fault::QueueFault};
use crate::sync::{
    Condvar, JoinHandle, Mutex, MutexGuard,
    atomic::{AtomicBool, Ordering},
    spawn,
};

/// How long dropping a worker waits for a request that the host does not end,
/// on a network file system that is gone, for instance.
const DROP_PATIENCE: Duration = Duration::from_secs(5);

/// The work of a device.
pub(super) trait Handler: Send + Sync + 'static {
    /// Serves what is in the queues; returns when nothing is left to do or
    /// `control` says so.
    fn serve(&self, activation: &Activation, control: &Control) -> Result<(), QueueFault>;
}

/// Says whether a worker should leave its queues, after the request at hand.
#[derive(Default)]
pub(super) struct Control {
    stop: AtomicBool,
}

impl Control {
    pub(super) fn should_stop(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }
}

#[derive(Default)]
struct State {
    activation: Option<Arc<Activation>>,
    /// There may be work.
    kicked: bool,
    /// The handler runs.
    busy: bool,
    /// How many want the worker to stay away.
    pauses: u32,
    exit: bool,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    control: Control,
    /// Wakes the thread.
    work: Condvar,
    /// Wakes who waits for the thread.
    idle: Condvar,
}

/// A thread that sleeps until it is kicked.
///
/// Dropping it waits for the request at hand, but leaves a thread behind that is
/// stuck in the host: whatever it uses lives as long as it does.
pub(super) struct Worker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts the thread.
    ///
    /// # Errors
    /// Whatever the host says if it has no thread left.
    pub(super) fn spawn(name: &str, handler: Arc<dyn Handler>) -> io::Result<Self> {
        let shared = Arc::<Shared>::default();
        let theirs = Arc::clone(&shared);
        let thread = spawn(name, move || theirs.run(&*handler))?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Gives the worker queues to serve, and lets it look at them.
    pub(super) fn activate(&self, activation: Activation) {
        let mut state = self.shared.state.lock();
        state.activation = Some(Arc::new(activation));
        state.kicked = true;
        self.shared.work.notify_one();
    }

    /// What the worker serves, if anything.
    pub(super) fn activation(&self) -> Option<Arc<Activation>> {
        self.shared.state.lock().activation.clone()
    }

    /// Says that there may be work.
    pub(super) fn kick(&self) {
        self.shared.kick();
    }

    /// The same as [`kick`](Self::kick), for others to call.
    pub(super) fn kicker(&self) -> impl Fn() + Send + Sync + 'static {
        let shared = Arc::clone(&self.shared);
        move || shared.kick()
    }

    /// Takes the queues away; waits for the request at hand.
    pub(super) fn deactivate(&self) {
        let mut state = self.shared.pause();
        state.activation = None;
        self.shared.unpause(&mut state);
    }

    /// Waits for the request at hand and keeps the worker away from its queues.
    pub(super) fn quiesce(&self) {
        drop(self.shared.pause());
    }

    /// Ends one [`quiesce`](Self::quiesce).
    pub(super) fn resume(&self) {
        self.shared.unpause(&mut self.shared.state.lock());
    }

    /// Whether somebody waits for the request at hand to end.
    #[cfg(test)]
    pub(super) fn stopping(&self) -> bool {
        self.shared.control.should_stop()
    }

    /// Waits until everything that was kicked for is done.
    #[cfg(test)]
    pub(super) fn settle(&self) {
        let mut state = self.shared.state.lock();
        let end = std::time::Instant::now() + vm_testing::DEADLINE;
        while state.busy || (state.kicked && state.activation.is_some() && state.pauses == 0) {
            let late = self.shared.idle.wait_until(&mut state, end).timed_out();
            assert!(
                !late,
                "the work of a device: not within {:?}",
                vm_testing::DEADLINE
            );
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let stuck = self.shared.end(DROP_PATIENCE);
        if let Some(thread) = self.thread.take()
            && !stuck
        {
            // It can only have panicked, and said so.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn kick(&self) {
        self.state.lock().kicked = true;
        self.work.notify_one();
    }

    /// Asks the handler to stop and waits until it has.
    fn pause(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock();
        state.pauses = state.pauses.saturating_add(1);
        self.control.stop.store(true, Ordering::Release);
        while state.busy {
            self.idle.wait(&mut state);
        }
        state
    }

    /// Has the thread end after the request at hand; waits for that at most for
    /// `patience`. Returns whether the request still goes on.
    fn end(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        let mut state = self.state.lock();
        state.exit = true;
        self.control.stop.store(true, Ordering::Release);
        self.work.notify_one();
        while state.busy && !self.idle.wait_until(&mut state, deadline).timed_out() {}
        state.busy
    }

    fn unpause(&self, state: &mut State) {
        state.pauses = state.pauses.saturating_sub(1);
        if state.pauses == 0 {
            self.control.stop.store(false, Ordering::Release);
            // The handler may have left requests behind.
            state.kicked = true;
            self.work.notify_one();
        }
    }

    fn run(&self, handler: &dyn Handler) {
        let mut state = self.state.lock();
        while !state.exit {
            match state.activation.clone() {
                Some(activation) if state.kicked && state.pauses == 0 => {
                    state.kicked = false;
                    state.busy = true;
                    let served =
                        MutexGuard::unlocked(&mut state, || self.serve(handler, &activation));
                    if !served {
                        state.activation = None;
                    }
                    state.busy = false;
                    self.idle.notify_all();
                }
                _ => self.work.wait(&mut state),
            }
        }
    }

    /// Runs the handler once; `false` if the device cannot go on.
    fn serve(&self, handler: &dyn Handler, activation: &Activation) -> bool {
        // A panic is a bug here, yet whoever waits for this thread must not
        // wait for ever, and the guest can still reset the device.
        let result = catch_unwind(AssertUnwindSafe(|| {
            handler.serve(activation, &self.control)
        }));
        match result {
            Ok(Ok(())) => return true,
            Ok(Err(fault)) => activation.link.needs_reset(&fault),
            Err(_) => activation.link.needs_reset(&"its thread panicked"),
        }
        false
    }
}
