//! How often each level hit.

use std::ops::AddAssign;

use serde::Serialize;

/// Hits and misses of one level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct LevelStats {
    /// Lookups it answered.
    pub hits: u64,
    /// Lookups it could not answer.
    pub misses: u64,
}

impl LevelStats {
    /// The share of lookups that hit, from 0 to 1; 0 if there were none.
    pub fn hit_rate(&self) -> f64 {
        let lookups = self.hits.saturating_add(self.misses);
        if lookups == 0 {
            0.0
        } else {
            self.hits as f64 / lookups as f64
        }
    }
}

/// Hits and misses of both levels. The second is asked only after the first missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct TlbStats {
    /// The first level.
    pub l1: LevelStats,
    /// The second level; its misses are page walks.
    pub l2: LevelStats,
}

impl AddAssign for LevelStats {
    fn add_assign(&mut self, other: Self) {
        self.hits += other.hits;
        self.misses += other.misses;
    }
}

impl AddAssign for TlbStats {
    fn add_assign(&mut self, other: Self) {
        self.l1 += other.l1;
        self.l2 += other.l2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hit_rate_of_none_is_zero() {
        assert_eq!(LevelStats::default().hit_rate(), 0.0);
        assert_eq!(LevelStats { hits: 3, misses: 1 }.hit_rate(), 0.75);
    }
}
