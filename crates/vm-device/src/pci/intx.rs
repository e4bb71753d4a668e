//! INTx routing: four wires shared by all slots.

use std::sync::Arc;

use parking_lot::Mutex;
use vm_core::IrqLine;

use super::builder::IntxPin;

/// How many INTx wires a host has.
pub const INTX_LINES: usize = 4;

/// The host's wire, 0 to 3, that `pin` of the device in `slot` is connected to
/// (the usual rotation, PCIe §2.2.8.1).
pub const fn swizzle(slot: u8, pin: IntxPin) -> usize {
    (slot as usize + pin as usize - 1) % INTX_LINES
}

/// A wire that is high while any of its up to 64 inputs is.
pub(super) struct SharedLine {
    output: Arc<dyn IrqLine>,
    /// A bit for each input.
    asserted: Mutex<u64>,
}

impl SharedLine {
    pub(super) fn new(output: Arc<dyn IrqLine>) -> Arc<Self> {
        Arc::new(Self {
            output,
            asserted: Mutex::new(0),
        })
    }

    /// The input number `index`, which is taken modulo 64.
    pub(super) fn input(self: &Arc<Self>, index: u8) -> Arc<dyn IrqLine> {
        let (shared, bit) = (Arc::clone(self), 1u64 << (index % 64));
        Arc::new(move |level: bool| shared.set(bit, level))
    }

    /// Drives the output under the lock, so that levels arrive in order.
    fn set(&self, bit: u64, level: bool) {
        let mut asserted = self.asserted.lock();
        let before = *asserted;
        *asserted = if level { before | bit } else { before & !bit };
        if (before != 0) != (*asserted != 0) {
            self.output.set_level(*asserted != 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestLine;

    #[test]
    fn sharers_are_ored() {
        let output = TestLine::new();
        let shared = SharedLine::new(output.clone());
        let (a, b) = (shared.input(1), shared.input(63));
        a.set_level(true);
        b.set_level(true);
        a.set_level(false);
        assert!(output.level());
        b.set_level(false);
        b.set_level(false);
        assert!(!output.level());
        assert_eq!(output.edges(), 2);
    }

    #[test]
    fn pins_rotate_with_the_slot() {
        assert_eq!(swizzle(0, IntxPin::A), 0);
        assert_eq!(swizzle(1, IntxPin::A), 1);
        assert_eq!(swizzle(3, IntxPin::B), 0);
        assert_eq!(swizzle(31, IntxPin::D), 2);
    }
}
