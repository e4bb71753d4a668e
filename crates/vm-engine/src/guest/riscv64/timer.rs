//! The `time` counter, and the supervisor timer of Sstc: drives line STIP from `stimecmp`.

use std::sync::{Arc, OnceLock};

use vm_core::time::{Comparator, Counter};

use super::{TIMEBASE_HZ, cause::interrupt};
use crate::vcpu::Core;

/// The timer of one hart. Its parts are made when first used: only then the machine
/// is known.
#[derive(Default)]
pub(super) struct Timer {
    counter: OnceLock<Arc<Counter>>,
    comparator: Option<Arc<Comparator>>,
}

impl Timer {
    /// The `time` counter: the machine's, which a board's `mtime` register sets
    /// (Privileged 1.13 §3.1.11).
    pub(super) fn counter(&self, core: &Core) -> &Arc<Counter> {
        self.counter
            .get_or_init(|| core.machine.alarms.counter(TIMEBASE_HZ))
    }

    /// Sets the ticks of the `time` counter from which on the interrupt is
    /// pending; `None` for never.
    pub(super) fn set(&mut self, core: &Core, compare: Option<u64>) {
        if compare.is_none() && self.comparator.is_none() {
            return;
        }
        let counter = Arc::clone(self.counter(core));
        let comparator = self.comparator.get_or_insert_with(|| {
            let line = core.control.line(interrupt::STI);
            Comparator::new(&counter, &core.machine.alarms, line)
        });
        comparator.set(compare);
    }
}
