//! The side of a vCPU that other threads see.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
};

use parking_lot::{Condvar, Mutex};
use vm_core::IrqLine;

use super::VcpuRequest;

/// Reasons to leave the fast path, as bits of [`VcpuControl::attention`].
pub mod attention {
    /// An interrupt line rose.
    pub const INTERRUPT: u32 = 1 << 0;
    /// Requests wait.
    pub const REQUEST: u32 = 1 << 1;
    /// The machine stops.
    pub const STOP: u32 = 1 << 2;
    /// The machine pauses: park between two blocks until resumed.
    pub const PAUSE: u32 = 1 << 3;
}

/// Interrupt lines, requests and sleep of one vCPU. Any thread may call it.
#[derive(Default)]
pub struct VcpuControl {
    attention: AtomicU32,
    /// Level of each interrupt line, by the guest architecture's bit number.
    lines: AtomicU64,
    /// The vCPU runs no instructions until it is started.
    halted: AtomicBool,
    requests: Mutex<Vec<VcpuRequest>>,
    park: Mutex<Parked>,
    changed: Condvar,
}

#[derive(Default)]
struct Parked {
    paused: bool,
}

impl VcpuControl {
    /// A vCPU that starts running (`halted` false) or waits for
    /// [`VcpuRequest::Start`].
    pub fn new(halted: bool) -> Self {
        Self {
            halted: AtomicBool::new(halted),
            ..Self::default()
        }
    }

    /// The bits of [`attention`] that are set. Checked at every block entry.
    #[inline]
    pub fn attention(&self) -> u32 {
        self.attention.load(Ordering::Relaxed)
    }

    /// Takes the given attention bits, returning those that were set.
    pub fn take_attention(&self, bits: u32) -> u32 {
        self.attention.fetch_and(!bits, Ordering::SeqCst) & bits
    }

    /// Sets attention bits and wakes the vCPU.
    pub fn raise_attention(&self, bits: u32) {
        self.attention.fetch_or(bits, Ordering::SeqCst);
        // The lock orders this with the vCPU's decision to sleep.
        drop(self.park.lock());
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
            self.raise_attention(attention::INTERRUPT);
        }
    }

    /// The wire that drives interrupt line `bit`.
    pub fn line(self: &Arc<Self>, bit: u32) -> Arc<dyn IrqLine> {
        let control = Arc::clone(self);
        Arc::new(move |level: bool| control.set_line(bit, level))
    }

    /// Queues a request.
    pub fn post(&self, request: VcpuRequest) {
        self.requests.lock().push(request);
        self.raise_attention(attention::REQUEST);
    }

    /// Takes the queued requests, in order.
    pub fn take_requests(&self) -> Vec<VcpuRequest> {
        std::mem::take(&mut *self.requests.lock())
    }

    /// Whether the vCPU waits to be started.
    pub fn is_halted(&self) -> bool {
        self.halted.load(Ordering::SeqCst)
    }

    /// Stops the vCPU until it is started, or marks it as started.
    pub fn set_halted(&self, halted: bool) {
        self.halted.store(halted, Ordering::SeqCst);
    }

    /// Sleeps until `wake` holds or attention is raised, on the vCPU's thread.
    pub fn sleep_until(&self, wake: impl Fn() -> bool) {
        let mut parked = self.park.lock();
        while self.attention.load(Ordering::SeqCst) == 0 && !wake() {
            self.changed.wait(&mut parked);
        }
    }

    /// Whether the vCPU was told to stop for good.
    pub fn is_stopping(&self) -> bool {
        self.attention() & attention::STOP != 0
    }

    /// Asks the vCPU to park between two blocks.
    pub fn request_pause(&self) {
        self.raise_attention(attention::PAUSE);
    }

    /// Waits until the vCPU has parked.
    pub fn wait_paused(&self) {
        let mut parked = self.park.lock();
        while !parked.paused {
            self.changed.wait(&mut parked);
        }
    }

    /// Lets a parked vCPU run on.
    pub fn resume(&self) {
        self.take_attention(attention::PAUSE);
        drop(self.park.lock());
        self.changed.notify_all();
    }

    /// Parks the vCPU's own thread while a pause is requested.
    pub fn park_while_paused(&self) {
        let mut parked = self.park.lock();
        parked.paused = true;
        self.changed.notify_all();
        while self.attention() & (attention::PAUSE | attention::STOP) == attention::PAUSE {
            self.changed.wait(&mut parked);
        }
        parked.paused = false;
    }
}
