//! Interrupt wires.

use std::sync::Arc;

/// A level-sensitive wire from a device to an interrupt controller, or from a
/// controller to a vCPU. Setting the level it already has does nothing.
pub trait IrqLine: Send + Sync {
    /// Drives the wire.
    fn set_level(&self, asserted: bool);
}

impl<F: Fn(bool) + Send + Sync> IrqLine for F {
    fn set_level(&self, asserted: bool) {
        self(asserted);
    }
}

/// A wire that leads nowhere, for devices under test and boards without a controller.
pub fn unconnected() -> Arc<dyn IrqLine> {
    Arc::new(|_: bool| {})
}

/// Where message-signalled interrupts go.
pub trait MsiSink: Send + Sync {
    /// Delivers the message `data` written to `addr`.
    fn signal(&self, addr: u64, data: u32);
}
