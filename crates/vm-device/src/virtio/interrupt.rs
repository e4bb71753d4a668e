//! How a device reaches its driver.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use parking_lot::Mutex;
use vm_core::IrqLine;

use super::{
    rate_limited_log::RateLimitedLog,
    spec::{interrupt, status},
};

/// A transport's way to notify the driver.
pub trait Interrupt: Send + Sync {
    /// The device has used buffers of `queue`.
    fn used_buffer(&self, queue: u16);

    /// The configuration or the status changed.
    fn config_change(&self);

    /// A reset: nothing is pending any more.
    fn clear(&self);
}

/// An interrupt status register that drives a level-sensitive line.
pub(super) struct InterruptStatus {
    // Held while the line is driven: a device's new cause and the driver's
    // acknowledgement must reach the line in the order they reach the bits.
    pending: Mutex<u32>,
    line: Arc<dyn IrqLine>,
}

impl InterruptStatus {
    pub(super) fn new(line: Arc<dyn IrqLine>) -> Self {
        Self {
            pending: Mutex::new(0),
            line,
        }
    }

    /// The pending causes.
    pub(super) fn pending(&self) -> u32 {
        *self.pending.lock()
    }

    /// Adds causes.
    pub(super) fn raise(&self, causes: u32) {
        self.update(|pending| pending | causes);
    }

    /// Removes causes.
    pub(super) fn acknowledge(&self, causes: u32) {
        self.update(|pending| pending & !causes);
    }

    /// Replaces the pending causes and returns the previous ones.
    pub(super) fn replace(&self, causes: u32) -> u32 {
        self.update(|_| causes)
    }

    fn update(&self, change: impl FnOnce(u32) -> u32) -> u32 {
        let mut pending = self.pending.lock();
        let before = *pending;
        *pending = change(before);
        self.line.set_level(*pending != 0);
        before
    }
}

impl Interrupt for InterruptStatus {
    fn used_buffer(&self, _queue: u16) {
        self.raise(interrupt::USED_BUFFER);
    }

    fn config_change(&self) {
        self.raise(interrupt::CONFIG_CHANGE);
    }

    fn clear(&self) {
        self.replace(0);
    }
}

/// What a device and its transport share: the device status, and the way to
/// the driver.
pub struct DeviceLink {
    name: String,
    status: AtomicU8,
    interrupt: Arc<dyn Interrupt>,
    log: RateLimitedLog,
}

impl DeviceLink {
    /// The link of the device called `name`, just reset.
    pub(super) fn new(name: String, interrupt: Arc<dyn Interrupt>) -> Self {
        Self {
            name,
            status: AtomicU8::new(0),
            interrupt,
            log: RateLimitedLog::default(),
        }
    }

    /// The name in logs.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The device status field (§2.1).
    pub(super) fn status(&self) -> u8 {
        self.status.load(Ordering::Acquire)
    }

    pub(super) fn set_status(&self, status: u8) {
        self.status.store(status, Ordering::Release);
    }

    pub(super) fn add_status(&self, bits: u8) {
        self.status.fetch_or(bits, Ordering::AcqRel);
    }

    /// Whether the device may serve its queues.
    pub(super) fn is_live(&self) -> bool {
        is_live(self.status())
    }

    pub(super) fn clear_interrupts(&self) {
        self.interrupt.clear();
    }

    /// Tells a running driver that the configuration space changed.
    pub fn config_changed(&self) {
        // §2.1.2: no notifications before DRIVER_OK.
        if self.status() & status::DRIVER_OK != 0 {
            self.interrupt.config_change();
        }
    }

    /// Gives up until the driver resets the device (§2.1.2).
    pub fn needs_reset(&self, reason: &dyn std::fmt::Display) {
        self.log.warn(
            &self.name,
            format_args!("the device needs a reset: {reason}"),
        );
        self.add_status(status::NEEDS_RESET);
        self.config_changed();
    }
}

/// Whether a device with this status serves its queues.
pub(super) fn is_live(bits: u8) -> bool {
    bits & (status::DRIVER_OK | status::NEEDS_RESET | status::FAILED) == status::DRIVER_OK
}
