//! Machine software interrupts (ACLINT §3).

use std::sync::Arc;

use parking_lot::Mutex;
use vm_core::IrqLine;

/// One pending bit and wire for each hart.
pub(super) struct Mswi {
    harts: Vec<Hart>,
}

struct Hart {
    pending: Mutex<bool>,
    line: Arc<dyn IrqLine>,
}

impl Mswi {
    pub(super) fn new(lines: Vec<Arc<dyn IrqLine>>) -> Self {
        let hart = |line| Hart {
            pending: Mutex::new(false),
            line,
        };
        Self {
            harts: lines.into_iter().map(hart).collect(),
        }
    }

    pub(super) const fn harts(&self) -> usize {
        self.harts.len()
    }

    pub(super) fn get(&self, hart: usize) -> bool {
        self.harts
            .get(hart)
            .is_some_and(|hart| *hart.pending.lock())
    }

    /// Sets the bit and drives the wire under its lock, so that levels arrive in order.
    pub(super) fn set(&self, hart: usize, value: bool) {
        if let Some(hart) = self.harts.get(hart) {
            let mut pending = hart.pending.lock();
            *pending = value;
            hart.line.set_level(value);
        }
    }

    pub(super) fn save(&self) -> Vec<bool> {
        self.harts.iter().map(|hart| *hart.pending.lock()).collect()
    }

    pub(super) fn restore(&self, pending: &[bool]) {
        for (hart, value) in pending.iter().enumerate() {
            self.set(hart, *value);
        }
    }
}
