//! Timer interrupts.

use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::{Alarm, AlarmService, Counter};
use crate::IrqLine;

/// Drives an interrupt wire: asserted while a counter is not below a value.
pub struct Comparator {
    counter: Arc<Counter>,
    line: Arc<dyn IrqLine>,
    alarm: Alarm,
    /// The value; `None` asserts nothing. Wire and alarm only change under this lock,
    /// so an alarm that fires late cannot act for a value that was replaced meanwhile.
    value: Mutex<Option<u64>>,
}

impl Comparator {
    /// A comparator that asserts nothing yet.
    pub fn new(counter: &Arc<Counter>, alarms: &AlarmService, line: Arc<dyn IrqLine>) -> Arc<Self> {
        let comparator = Arc::new_cyclic(|weak: &Weak<Self>| {
            let weak = weak.clone();
            let expire = move || {
                if let Some(comparator) = weak.upgrade() {
                    comparator.refresh();
                }
            };
            Self {
                counter: Arc::clone(counter),
                line,
                alarm: alarms.alarm(expire),
                value: Mutex::new(None),
            }
        });
        counter.attach(&comparator);
        comparator
    }

    /// The value that the counter is compared with.
    pub fn value(&self) -> Option<u64> {
        *self.value.lock()
    }

    /// Compares with another value.
    pub fn set(&self, value: Option<u64>) {
        self.change(|_| value);
    }

    /// Compares with what `change` makes of the value.
    pub fn change(&self, change: impl FnOnce(Option<u64>) -> Option<u64>) {
        let mut value = self.value.lock();
        *value = change(*value);
        self.drive(*value);
    }

    /// Compares again.
    pub(super) fn refresh(&self) {
        self.change(|value| value);
    }

    fn drive(&self, value: Option<u64>) {
        let (due, deadline) = value.map_or((false, None), |value| self.counter.compare(value));
        self.line.set_level(due);
        self.alarm.set(deadline);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::time::{HostClock, ManualClock};

    #[test]
    fn follows_value_counter_and_time() {
        let clock = Arc::new(ManualClock::default());
        let alarms = AlarmService::start(clock.clone()).unwrap();
        let counter = alarms.counter(10_000_000);
        let level = Arc::new(Mutex::new(false));
        let wire = level.clone();
        let line = Arc::new(move |asserted| *wire.lock() = asserted);
        let comparator = Comparator::new(&counter, &alarms, line);
        let at = |act: &dyn Fn(), expected| {
            act();
            counter.refresh();
            assert_eq!(*level.lock(), expected);
        };
        at(&|| clock.set_ns(u64::MAX), false);
        at(&|| clock.set_ns(1000), false);
        at(&|| comparator.set(Some(11)), false);
        at(&|| clock.set_ns(1100), true);
        at(
            &|| comparator.change(|value| value.map(|value| value + 1)),
            false,
        );
        at(&|| counter.set(|_| 12), true);
        at(&|| counter.set(|_| 3), false);
        at(&|| counter.set_offset(50), true);
        at(&|| comparator.set(None), false);
        drop(comparator);
        counter.set(|_| 99);
    }

    #[test]
    fn setting_the_counter_moves_the_alarm() {
        let alarms = AlarmService::start(Arc::new(HostClock::starting_at(0))).unwrap();
        let counter = alarms.counter(10_000_000);
        let (sender, levels) = mpsc::channel();
        let line = Arc::new(move |asserted| sender.send(asserted).unwrap());
        let comparator = Comparator::new(&counter, &alarms, line);
        // A day from now.
        let value = 24 * 3600 * counter.hz();
        comparator.set(Some(value));
        counter.set(|_| value - 100_000);
        let deadline = std::time::Duration::from_secs(60);
        while !levels.recv_timeout(deadline).expect("the alarm") {}
    }
}
