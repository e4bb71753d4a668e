//! What the modules under test take from `crate::sync`.

use std::{
    io,
    ops::{Deref, DerefMut},
    time::Instant,
};

pub use loom::{
    sync::atomic,
    thread::{JoinHandle, yield_now},
};

/// The address of a cell that generated code looks at: there is none here.
pub fn address(_: &atomic::AtomicU32) -> usize {
    0
}

/// The model has no store buffers of processors; what they delay is in
/// `docs/adr/0010-order-of-memory.md`.
pub fn heavy_fence() {
    atomic::fence(atomic::Ordering::SeqCst);
}

/// Has [`heavy_fence`] work.
pub fn enable_heavy_fence() {}

/// Starts a thread.
///
/// # Errors
/// None, here.
pub fn spawn<T: 'static>(
    _: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    Ok(loom::thread::spawn(work))
}

/// loom's mutex in the form of `parking_lot`'s.
#[derive(Debug, Default)]
pub struct Mutex<T>(loom::sync::Mutex<T>);

/// Access to what a [`Mutex`] holds.
#[derive(Debug)]
pub struct MutexGuard<'a, T> {
    mutex: &'a Mutex<T>,
    /// `None` only while something waits.
    held: Option<loom::sync::MutexGuard<'a, T>>,
}

impl<T> Mutex<T> {
    /// Waits for it.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        MutexGuard {
            mutex: self,
            held: self.0.lock().ok(),
        }
    }
}

impl<T> MutexGuard<'_, T> {
    /// Does `work` without it.
    pub fn unlocked<R>(guard: &mut Self, work: impl FnOnce() -> R) -> R {
        guard.held = None;
        let result = work();
        guard.held = guard.mutex.0.lock().ok();
        result
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.held.as_ref().expect("nobody panics with the lock")
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.held.as_mut().expect("nobody panics with the lock")
    }
}

/// How a wait for some time has ended.
#[derive(Debug, Clone, Copy)]
pub struct Waited;

impl Waited {
    /// Never.
    pub fn timed_out(self) -> bool {
        false
    }
}

/// loom's condition variable in the form of `parking_lot`'s.
#[derive(Debug, Default)]
pub struct Condvar(loom::sync::Condvar);

impl Condvar {
    /// Waits to be notified.
    pub fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
        guard.held = guard.held.take().and_then(|held| self.0.wait(held).ok());
    }

    /// The same: no time passes in a model.
    pub fn wait_until<T>(&self, guard: &mut MutexGuard<'_, T>, _: Instant) -> Waited {
        self.wait(guard);
        Waited
    }

    /// Wakes one that waits.
    pub fn notify_one(&self) {
        self.0.notify_one();
    }

    /// Wakes all that wait.
    pub fn notify_all(&self) {
        self.0.notify_all();
    }
}
