//! The machine timer (ACLINT §2): one counter, a compare register for each hart.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use vm_core::{
    IrqLine,
    time::{AlarmService, Comparator, Counter},
};

/// Counter and compare registers.
pub(super) struct Mtimer {
    counter: Arc<Counter>,
    harts: Vec<Arc<Comparator>>,
}

/// The saved form.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct TimerState {
    offset: u64,
    compare: Vec<u64>,
}

impl TimerState {
    pub(super) const fn harts(&self) -> usize {
        self.compare.len()
    }
}

impl Mtimer {
    pub(super) fn new(lines: Vec<Arc<dyn IrqLine>>, hz: u64, alarms: &AlarmService) -> Self {
        let counter = alarms.counter(hz);
        let hart = |line| {
            let comparator = Comparator::new(&counter, alarms, line);
            // The specification leaves the value open; on QEMU's board, an interrupt is
            // pending from the start.
            comparator.set(Some(0));
            comparator
        };
        Self {
            harts: lines.into_iter().map(hart).collect(),
            counter,
        }
    }

    pub(super) fn counter(&self) -> &Counter {
        &self.counter
    }

    /// A hart's compare register; 0 if there is no such hart.
    pub(super) fn compare(&self, hart: usize) -> u64 {
        let comparator = self.harts.get(hart);
        comparator.and_then(|hart| hart.value()).unwrap_or(0)
    }

    /// Changes a hart's compare register.
    pub(super) fn set_compare(&self, hart: usize, change: impl FnOnce(u64) -> u64) {
        if let Some(hart) = self.harts.get(hart) {
            hart.change(|compare| compare.map(change));
        }
    }

    pub(super) fn save(&self) -> TimerState {
        TimerState {
            offset: self.counter.offset(),
            compare: (0..self.harts.len())
                .map(|hart| self.compare(hart))
                .collect(),
        }
    }

    pub(super) fn restore(&self, state: &TimerState) {
        self.counter.set_offset(state.offset);
        for (hart, compare) in state.compare.iter().enumerate() {
            self.set_compare(hart, |_| *compare);
        }
    }
}
