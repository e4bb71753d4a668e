//! The side of a vCPU that other threads see.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use parking_lot::{Condvar, Mutex};
use vm_core::IrqLine;

use super::{VcpuRequest, request::RequestQueue};

/// Reasons to leave the fast path, as bits of [`VcpuControl::exit_requests`].
pub mod exit_request {
    /// An interrupt line rose.
    pub const INTERRUPT: u32 = 1 << 0;
    /// Requests wait.
    pub const REQUEST: u32 = 1 << 1;
    /// The vCPU's thread leaves its loop, to end or to pause: the vCPU can then
    /// be looked at, saved and run on.
    pub const STOP: u32 = 1 << 2;
}

/// Interrupt lines, requests and sleep of one vCPU. Any thread may call it.
#[derive(Default)]
pub struct VcpuControl {
    exit_request: AtomicU32,
    /// Level of each interrupt line, by the guest architecture's bit number.
    lines: AtomicU64,
    /// The vCPU runs no instructions until it is started.
    awaits_start: AtomicBool,
    requests: Mutex<RequestQueue>,
    /// A thread is in the vCPU's loop.
    running: Mutex<bool>,
    changed: Condvar,
}

/// While this exists, a thread is in the vCPU's loop.
pub(crate) struct Running(Arc<VcpuControl>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.set_running(false);
    }
}

impl VcpuControl {
    /// A vCPU that starts running (`awaits_start` false) or waits for
    /// [`VcpuRequest::Start`].
    pub fn new(awaits_start: bool) -> Self {
        Self {
            awaits_start: AtomicBool::new(awaits_start),
            ..Self::default()
        }
    }

    /// The bits of [`exit_request`] that are set. Checked at every block entry.
    #[inline]
    pub fn exit_requests(&self) -> u32 {
        self.exit_request.load(Ordering::Relaxed)
    }

    /// Takes the given exit requests, returning those that were set.
    pub fn take_exit_requests(&self, bits: u32) -> u32 {
        self.exit_request.fetch_and(!bits, Ordering::SeqCst) & bits
    }

    /// Requests exits and wakes the vCPU.
    pub fn request_exit(&self, bits: u32) {
        self.exit_request.fetch_or(bits, Ordering::SeqCst);
        // The lock orders this with the vCPU's decision to sleep.
        drop(self.running.lock());
        self.changed.notify_all();
    }

    /// Levels of the interrupt lines.
    #[inline]
    pub fn lines(&self) -> u64 {
        self.lines.load(Ordering::SeqCst)
    }

    /// Drives interrupt line `bit`.
    pub fn set_line(&self, bit: u32, asserted: bool) {
        let mask = 1u64 << (bit & 63);
        if !asserted {
            self.lines.fetch_and(!mask, Ordering::SeqCst);
        } else if self.lines.fetch_or(mask, Ordering::SeqCst) & mask == 0 {
            self.request_exit(exit_request::INTERRUPT);
        }
    }

    /// The wire that drives interrupt line `bit`.
    pub fn line(self: &Arc<Self>, bit: u32) -> Arc<dyn IrqLine> {
        let control = Arc::clone(self);
        Arc::new(move |level: bool| control.set_line(bit, level))
    }

    /// Queues a request. It is done before the vCPU runs another block, unless
    /// its thread is in one right now.
    pub fn post(&self, request: VcpuRequest) {
        self.post_all([request]);
    }

    /// Queues requests, in order.
    pub fn post_all(&self, requests: impl IntoIterator<Item = VcpuRequest>) {
        let mut queue = self.requests.lock();
        requests.into_iter().for_each(|request| queue.push(request));
        drop(queue);
        self.request_exit(exit_request::REQUEST);
    }

    /// Takes the queued requests, in order.
    pub fn take_requests(&self) -> Vec<VcpuRequest> {
        self.requests.lock().take()
    }

    /// Whether the vCPU waits to be started.
    pub fn awaits_start(&self) -> bool {
        self.awaits_start.load(Ordering::SeqCst)
    }

    /// Stops the vCPU until it is started, or marks it as started.
    pub fn set_awaits_start(&self, awaits_start: bool) {
        self.awaits_start.store(awaits_start, Ordering::SeqCst);
    }

    /// Sleeps until `wake` holds or an exit is requested, on the vCPU's thread.
    pub fn sleep_until(&self, wake: impl Fn() -> bool) {
        let mut running = self.running.lock();
        while self.exit_request.load(Ordering::SeqCst) == 0 && !wake() {
            self.changed.wait(&mut running);
        }
    }

    /// Sleeps for `time`, less if one of the exits `bits` is requested, on the
    /// vCPU's thread.
    pub(crate) fn sleep_for(&self, time: Duration, bits: u32) {
        let end = Instant::now() + time;
        let mut running = self.running.lock();
        while !self.has(bits) && !self.changed.wait_until(&mut running, end).timed_out() {}
    }

    /// Whether one of the exits `bits` is requested.
    pub(crate) fn has(&self, bits: u32) -> bool {
        self.exit_request.load(Ordering::SeqCst) & bits != 0
    }

    /// Whether a thread is in the vCPU's loop. If not, requests wait for one,
    /// which does them before it runs an instruction.
    pub fn is_running(&self) -> bool {
        *self.running.lock()
    }

    /// Notes that the calling thread has entered the vCPU's loop, until what it
    /// returns is dropped.
    pub(crate) fn enter(self: &Arc<Self>) -> Running {
        self.set_running(true);
        Running(Arc::clone(self))
    }

    fn set_running(&self, running: bool) {
        *self.running.lock() = running;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rising_line_requests_an_exit_and_a_falling_one_does_not() {
        let control = Arc::new(VcpuControl::new(false));
        let wire = control.line(7);
        wire.set_level(true);
        assert_eq!(control.lines(), 1 << 7);
        assert_eq!(
            control.take_exit_requests(u32::MAX),
            exit_request::INTERRUPT
        );
        wire.set_level(true);
        assert_eq!(control.exit_requests(), 0, "it was high already");
        control.set_line(3, true);
        wire.set_level(false);
        assert_eq!(control.lines(), 1 << 3);
        assert_eq!(control.take_exit_requests(exit_request::REQUEST), 0);
        assert_eq!(control.exit_requests(), exit_request::INTERRUPT);
    }

    #[test]
    fn only_a_thread_in_the_loop_counts_as_running() {
        let control = Arc::new(VcpuControl::new(true));
        assert!(control.awaits_start() && !control.is_running());
        let running = control.enter();
        assert!(control.is_running());
        drop(running);
        assert!(!control.is_running());
    }

    #[test]
    fn a_limited_sleep_ends_early_for_what_it_was_told_alone() {
        let control = VcpuControl::new(false);
        control.request_exit(exit_request::INTERRUPT);
        let begin = Instant::now();
        control.sleep_for(Duration::from_millis(2), exit_request::STOP);
        assert!(begin.elapsed() >= Duration::from_millis(2));
        // Endless, if it did not look.
        control.sleep_for(Duration::from_secs(1 << 30), exit_request::INTERRUPT);
    }
}
