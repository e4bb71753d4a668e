//! Where the date comes from.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

/// A clock that knows the date.
pub trait WallClock: Send + Sync {
    /// Nanoseconds since 1970-01-01 00:00:00 UTC.
    fn unix_ns(&self) -> u64;
}

/// The host's date and time.
#[derive(Debug, Default, Clone, Copy)]
pub struct HostWallClock;

impl WallClock for HostWallClock {
    /// The host's time, or 1970 if the host claims to be before it.
    fn unix_ns(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.map_or(0, |since| since.as_nanos() as u64)
    }
}

/// A date that only moves when told to, for tests and deterministic runs.
#[derive(Debug, Default)]
pub struct FixedWallClock(AtomicU64);

impl FixedWallClock {
    /// A clock that stands at `ns` nanoseconds since 1970.
    pub const fn at_ns(ns: u64) -> Self {
        Self(AtomicU64::new(ns))
    }

    /// Sets the time, in nanoseconds since 1970.
    pub fn set_ns(&self, ns: u64) {
        self.0.store(ns, Ordering::SeqCst);
    }
}

impl WallClock for FixedWallClock {
    fn unix_ns(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_past_this_programs_birth() {
        // 2025-01-01.
        assert!(HostWallClock.unix_ns() > 1_735_689_600_000_000_000);
    }

    #[test]
    fn a_fixed_clock_stands_still() {
        let clock = FixedWallClock::at_ns(5);
        assert_eq!((clock.unix_ns(), clock.unix_ns()), (5, 5));
        clock.set_ns(6);
        assert_eq!(clock.unix_ns(), 6);
    }
}
