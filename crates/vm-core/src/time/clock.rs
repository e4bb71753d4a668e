//! Where the guest's time comes from.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

/// A monotonic clock, counting nanoseconds since the machine was created.
pub trait Clock: Send + Sync {
    /// Nanoseconds since the machine was created.
    fn now_ns(&self) -> u64;

    /// Ticks of a counter of `hz` that started with the machine.
    fn ticks(&self, hz: u64) -> u64 {
        let ticks = u128::from(self.now_ns()) * u128::from(hz) / 1_000_000_000;
        ticks as u64
    }
}

/// The host's monotonic clock.
#[derive(Debug)]
pub struct HostClock {
    start: Instant,
    /// Guest time at `start`: non-zero after a restore.
    offset_ns: u64,
}

impl HostClock {
    /// A clock that reads `offset_ns` now.
    pub fn starting_at(offset_ns: u64) -> Self {
        Self {
            start: Instant::now(),
            offset_ns,
        }
    }
}

impl Clock for HostClock {
    #[inline]
    fn now_ns(&self) -> u64 {
        self.offset_ns
            .wrapping_add(self.start.elapsed().as_nanos() as u64)
    }
}

/// A clock that only moves when told to, for tests and deterministic runs.
#[derive(Debug, Default)]
pub struct ManualClock(AtomicU64);

impl ManualClock {
    /// Sets the time, in nanoseconds.
    pub fn set_ns(&self, ns: u64) {
        self.0.store(ns, Ordering::SeqCst);
    }

    /// Moves the time on by `ns` nanoseconds.
    pub fn advance_ns(&self, ns: u64) {
        self.0.fetch_add(ns, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now_ns(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_scale_without_overflow() {
        let clock = ManualClock::default();
        clock.set_ns(u64::MAX / 2);
        assert_eq!(clock.ticks(10_000_000), u64::MAX / 2 / 100);
        clock.set_ns(250);
        clock.advance_ns(50);
        assert_eq!(clock.ticks(10_000_000), 3);
    }

    #[test]
    fn host_clock_starts_where_told() {
        let clock = HostClock::starting_at(1_000_000);
        let first = clock.now_ns();
        assert!(first >= 1_000_000);
        assert!(clock.now_ns() >= first);
    }
}
