//! Warnings that a guest can cause, held to a number that a log can bear.

use std::sync::atomic::{AtomicU32, Ordering};

/// How many warnings about one device are worth reading.
const LIMIT: u32 = 16;

/// Counts the warnings about one device.
#[derive(Debug, Default)]
pub(super) struct RateLimitedLog(AtomicU32);

impl RateLimitedLog {
    /// Warns, or says the same as a debugging aid once there were enough.
    pub(super) fn warn(&self, device: &str, message: std::fmt::Arguments<'_>) {
        match self.count() {
            count if count < LIMIT => tracing::warn!(device, "{message}"),
            LIMIT => tracing::warn!(device, "{message}; no more warnings about this device"),
            _ => tracing::debug!(device, "{message}"),
        }
    }

    /// How many there were before this one.
    fn count(&self) -> u32 {
        let next = |count: u32| Some(count.saturating_add(1));
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next)
            .unwrap_or_else(|count| count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counting_does_not_wrap() {
        let log = RateLimitedLog::default();
        assert_eq!((log.count(), log.count()), (0, 1));
        log.0.store(u32::MAX, Ordering::Relaxed);
        assert_eq!((log.count(), log.count()), (u32::MAX, u32::MAX));
        log.warn("test", format_args!("too many"));
    }
}
