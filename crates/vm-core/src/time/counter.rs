//! The counter that guests read their time from.

use std::sync::{
    Arc, Weak,
    atomic::{AtomicU64, Ordering},
};

use parking_lot::Mutex;

use super::{Clock, Comparator};

const NS_PER_SECOND: u64 = 1_000_000_000;

/// A counter that runs on a clock and that software may set.
///
/// A machine has one for each frequency ([`AlarmService::counter`](super::AlarmService::counter)):
/// whatever register it is read, set or compared through, it is the same. Setting it
/// leaves the clock alone, so what a counter does not time goes on as before.
pub struct Counter {
    clock: Arc<dyn Clock>,
    hz: u64,
    /// A tick's length where it is a whole number of nanoseconds, else 0: guests
    /// read their time often, and the general case divides 128 bits.
    ns_per_tick: u64,
    /// What to add to the clock's ticks. Sequentially consistent: whoever changes it
    /// refreshes every comparator afterwards, and whoever changes a comparator reads it
    /// afterwards, so the later of the two sees both.
    offset: AtomicU64,
    comparators: Mutex<Vec<Weak<Comparator>>>,
}

impl Counter {
    /// A counter of `hz`, which is not 0, that has counted `clock` from its start.
    pub(super) fn new(clock: Arc<dyn Clock>, hz: u64) -> Self {
        let hz = hz.max(1);
        let whole = NS_PER_SECOND.is_multiple_of(hz);
        Self {
            clock,
            hz,
            ns_per_tick: if whole { NS_PER_SECOND / hz } else { 0 },
            offset: AtomicU64::new(0),
            comparators: Mutex::default(),
        }
    }

    /// Its frequency.
    pub fn hz(&self) -> u64 {
        self.hz
    }

    /// Its value.
    #[inline]
    pub fn now(&self) -> u64 {
        self.clock_ticks().wrapping_add(self.offset())
    }

    /// Changes its value.
    pub fn set(&self, change: impl Fn(u64) -> u64) {
        let ticks = self.clock_ticks();
        let moved = |offset| Some(change(ticks.wrapping_add(offset)).wrapping_sub(ticks));
        // The closure never declines.
        let _ = self
            .offset
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, moved);
        self.refresh();
    }

    /// What setting it has added to the ticks of its clock, wrapping.
    pub fn offset(&self) -> u64 {
        self.offset.load(Ordering::SeqCst)
    }

    /// Replaces what [`offset`](Self::offset) returns.
    pub fn set_offset(&self, offset: u64) {
        self.offset.store(offset, Ordering::SeqCst);
        self.refresh();
    }

    /// Compares anew, for clocks that move by hand: comparators assume that time flows.
    pub fn refresh(&self) {
        let comparators = self.comparators.lock().clone();
        let alive = comparators.iter().filter_map(Weak::upgrade);
        alive.for_each(|comparator| comparator.refresh());
    }

    pub(super) fn attach(&self, comparator: &Arc<Comparator>) {
        let mut comparators = self.comparators.lock();
        comparators.retain(|comparator| comparator.strong_count() > 0);
        comparators.push(Arc::downgrade(comparator));
    }

    /// Whether it has reached `value`, and the clock's time at which that changes: it
    /// gets there, or wraps. `None` if that is centuries away.
    pub(super) fn compare(&self, value: u64) -> (bool, Option<u64>) {
        let ticks = self.clock_ticks();
        let now = ticks.wrapping_add(self.offset());
        let left = match value.checked_sub(now) {
            None | Some(0) => (1 << 64) - u128::from(now),
            Some(left) => left.into(),
        };
        let ns = (u128::from(ticks) + left) * u128::from(NS_PER_SECOND);
        let ns = ns.div_ceil(u128::from(self.hz));
        (now >= value, u64::try_from(ns).ok())
    }

    #[inline]
    fn clock_ticks(&self) -> u64 {
        match self.ns_per_tick {
            0 => self.clock.ticks(self.hz),
            ns => self.clock.now_ns() / ns,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::ManualClock;

    fn counter(hz: u64) -> (Arc<ManualClock>, Counter) {
        let clock = Arc::new(ManualClock::default());
        (clock.clone(), Counter::new(clock, hz))
    }

    #[test]
    fn counts_the_clock_at_any_frequency() {
        for hz in [1, 3, 32_768, 10_000_000, 1_000_000_000, u64::MAX] {
            let (clock, counter) = counter(hz);
            for ns in [0, 99, 100, 12_345, u64::MAX] {
                clock.set_ns(ns);
                assert_eq!(counter.now(), clock.ticks(hz), "{ns} ns at {hz} Hz");
            }
        }
    }

    #[test]
    fn can_be_set_and_goes_on_from_there() {
        let (clock, counter) = counter(10_000_000);
        clock.set_ns(700);
        counter.set(|now| now + (1 << 40));
        assert_eq!((counter.now(), counter.offset()), ((1 << 40) + 7, 1 << 40));
        counter.set(|_| 2);
        clock.advance_ns(300);
        assert_eq!((counter.now(), clock.now_ns()), (5, 1000));
        counter.set_offset(u64::MAX);
        assert_eq!(counter.now(), 9);
    }

    #[test]
    fn deadlines_round_up_and_do_not_overflow() {
        let (clock, counter) = counter(3);
        assert_eq!(counter.compare(1), (false, Some(333_333_334)));
        clock.set_ns(u64::MAX);
        assert_eq!(counter.compare(u64::MAX), (false, None));
    }

    #[test]
    fn tells_when_a_comparison_changes() {
        let (clock, counter) = counter(10_000_000);
        clock.set_ns(950);
        assert_eq!(counter.compare(9), (true, None));
        assert_eq!(counter.compare(12), (false, Some(1200)));
        assert_eq!(counter.compare(u64::MAX), (false, None));
        // 3 ticks before it wraps.
        counter.set(|_| u64::MAX - 2);
        assert_eq!(counter.compare(u64::MAX), (false, Some(1100)));
        assert_eq!(counter.compare(5), (true, Some(1200)));
        clock.set_ns(1200);
        assert_eq!(counter.compare(5), (false, Some(1700)));
    }
}
