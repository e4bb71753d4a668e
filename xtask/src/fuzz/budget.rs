//! How long to go on.

use std::time::{Duration, Instant};

/// When a run has compared enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// After so many instructions.
    Instructions(u64),
    /// After so much time.
    Time(Duration),
}

impl Budget {
    /// Whether a run that began at `begin` and has compared `instructions` is at its end.
    pub fn is_spent(self, begin: Instant, instructions: u64) -> bool {
        match self {
            Self::Instructions(enough) => instructions >= enough,
            Self::Time(enough) => begin.elapsed() >= enough,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_comes_to_its_end() {
        let now = Instant::now();
        assert!(!Budget::Instructions(2).is_spent(now, 1));
        assert!(Budget::Instructions(2).is_spent(now, 2));
        assert!(!Budget::Time(Duration::MAX).is_spent(now, u64::MAX));
        assert!(Budget::Time(Duration::ZERO).is_spent(now, 0));
    }
}
