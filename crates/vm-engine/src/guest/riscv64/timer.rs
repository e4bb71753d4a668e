//! The supervisor timer of Sstc: drives line STIP from `stimecmp`.

use std::sync::Arc;

use parking_lot::Mutex;
use vm_core::time::{Alarm, Clock};

use super::{TIMEBASE_HZ, cause::interrupt};
use crate::vcpu::{Core, VcpuControl};

const NS_PER_TICK: u64 = {
    assert!(
        1_000_000_000 % TIMEBASE_HZ == 0,
        "a tick is a whole number of nanoseconds"
    );
    1_000_000_000 / TIMEBASE_HZ
};

/// The timer of one hart.
#[derive(Default)]
pub(super) struct Timer {
    /// Made when first armed: only then the machine is known.
    armed: Option<(Arc<Comparator>, Alarm)>,
}

/// What the alarm's thread and the hart share.
struct Comparator {
    clock: Arc<dyn Clock>,
    control: Arc<VcpuControl>,
    /// Ticks from which on the interrupt is pending; `None` for never. The
    /// line only changes under this lock, so an alarm that fires late cannot
    /// raise it for a value that was replaced meanwhile.
    compare: Mutex<Option<u64>>,
}

impl Comparator {
    /// Drives the line from what `compare` says now; returns its level.
    fn drive(&self, compare: Option<u64>) -> bool {
        let due = compare.is_some_and(|ticks| time(&*self.clock) >= ticks);
        self.control.set_line(interrupt::STI, due);
        due
    }

    fn expire(&self) {
        let compare = self.compare.lock();
        self.drive(*compare);
    }
}

impl Timer {
    /// Sets the ticks of the `time` counter from which on the interrupt is
    /// pending; `None` for never.
    pub(super) fn set(&mut self, core: &Core, compare: Option<u64>) {
        if compare.is_none() && self.armed.is_none() {
            return;
        }
        let (comparator, alarm) = self.armed.get_or_insert_with(|| new_comparator(core));
        let mut current = comparator.compare.lock();
        *current = compare;
        let due = comparator.drive(compare);
        drop(current);
        alarm.set(compare.filter(|_| !due).and_then(deadline_ns));
    }
}

fn new_comparator(core: &Core) -> (Arc<Comparator>, Alarm) {
    let alarms = &core.machine.alarms;
    let comparator = Arc::new(Comparator {
        clock: Arc::clone(alarms.clock()),
        control: Arc::clone(&core.control),
        compare: Mutex::new(None),
    });
    let for_alarm = Arc::clone(&comparator);
    (comparator, alarms.alarm(move || for_alarm.expire()))
}

/// The `time` counter. The clock gives the same number with a 128-bit division,
/// which is too slow for what guests read most.
pub(super) fn time(clock: &dyn Clock) -> u64 {
    clock.now_ns() / NS_PER_TICK
}

/// The first nanosecond at which the counter has reached `ticks`; `None` if
/// that is beyond the clock's range of 584 years.
fn deadline_ns(ticks: u64) -> Option<u64> {
    ticks.checked_mul(NS_PER_TICK)
}

#[cfg(test)]
mod tests {
    use vm_core::time::ManualClock;

    use super::*;

    #[test]
    fn time_is_what_the_clock_counts() {
        let clock = ManualClock::default();
        for ns in [0, 99, 100, 12_345, u64::MAX] {
            clock.set_ns(ns);
            assert_eq!(time(&clock), clock.ticks(TIMEBASE_HZ));
        }
    }

    #[test]
    fn deadlines_are_exact_or_never() {
        assert_eq!(deadline_ns(0), Some(0));
        assert_eq!(deadline_ns(3), Some(300));
        assert_eq!(deadline_ns(u64::MAX / 100), Some(u64::MAX / 100 * 100));
        assert_eq!(deadline_ns(u64::MAX), None);
    }
}
