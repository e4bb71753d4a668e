//! A device with a worker, and a driver that gives it work.

use std::sync::Arc;

use super::{
    device::Activation,
    fault::QueueFault,
    worker::{Control, Handler, Worker},
};
use crate::sync::{
    Condvar, Mutex,
    atomic::{AtomicBool, Ordering::SeqCst},
};

#[derive(Default)]
struct Queue {
    waiting: Mutex<u32>,
    served: Condvar,
    /// Somebody accesses what only the worker may while it serves.
    taken: AtomicBool,
}

impl Handler for Queue {
    fn serve(&self, _: &Activation, control: &Control) -> Result<(), QueueFault> {
        while !control.should_stop() {
            let left = self.alone(|| {
                let mut waiting = self.waiting.lock();
                *waiting = waiting.saturating_sub(1);
                *waiting
            });
            if left == 0 {
                self.served.notify_all();
                break;
            }
        }
        Ok(())
    }
}

impl Queue {
    /// Fails the model if somebody else does so at the same time. (If it is the worker
    /// that fails, it stays away, and its driver waits in vain.)
    fn alone<R>(&self, work: impl FnOnce() -> R) -> R {
        assert!(!self.taken.swap(true, SeqCst), "two at a time");
        let result = work();
        self.taken.store(false, SeqCst);
        result
    }
}

/// A device, as its driver sees it.
pub struct Device {
    worker: Worker,
    queue: Arc<Queue>,
}

impl Default for Device {
    fn default() -> Self {
        let queue = Arc::<Queue>::default();
        let worker = Worker::spawn("device", queue.clone()).expect("a thread of the model");
        worker.activate(Activation::default());
        Self { worker, queue }
    }
}

impl Device {
    /// Gives it a request.
    pub fn submit(&self) {
        *self.queue.waiting.lock() += 1;
        self.worker.kick();
    }

    /// Waits until all requests have been served.
    pub fn wait(&self) {
        let mut waiting = self.queue.waiting.lock();
        while *waiting != 0 {
            self.queue.served.wait(&mut waiting);
        }
    }

    /// Saves it: the worker stays away meanwhile.
    pub fn save(&self) {
        self.worker.quiesce();
        self.queue.alone(|| ());
        self.worker.resume();
    }

    /// Resets it, and starts it again.
    pub fn reset(&self) {
        self.worker.deactivate();
        self.queue.alone(|| ());
        self.worker.activate(Activation::default());
    }
}
