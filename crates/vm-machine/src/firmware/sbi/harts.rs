//! Which harts there are, and which of them run.

use std::sync::atomic::{AtomicBool, Ordering};

use super::SbiError;

/// The value of `hart_mask_base` that selects every hart (§3.1).
const ALL_HARTS: u64 = u64::MAX;

/// One flag for each hart: whether it was started.
pub(super) struct HartStates(Box<[AtomicBool]>);

impl HartStates {
    pub(super) fn new(harts: usize) -> Self {
        Self((0..harts).map(|hart| AtomicBool::new(hart == 0)).collect())
    }

    /// Whether the hart was started; `None` if there is no such hart.
    pub(super) fn is_started(&self, hart: u64) -> Option<bool> {
        Some(self.get(hart)?.load(Ordering::SeqCst))
    }

    /// Marks a stopped hart as started. `None` if there is no such hart, false
    /// if it was started before: of several callers, one gets true.
    pub(super) fn claim(&self, hart: u64) -> Option<bool> {
        Some(!self.get(hart)?.swap(true, Ordering::SeqCst))
    }

    /// Marks a hart as stopped.
    pub(super) fn stop(&self, hart: u64) {
        if let Some(state) = self.get(hart) {
            state.store(false, Ordering::SeqCst);
        }
    }

    pub(super) fn all(&self) -> Vec<bool> {
        let flags = self.0.iter();
        flags.map(|flag| flag.load(Ordering::SeqCst)).collect()
    }

    pub(super) fn replace(&self, started: &[bool]) {
        for (hart, flag) in self.0.iter().enumerate() {
            let value = started.get(hart).copied().unwrap_or(false);
            flag.store(value, Ordering::SeqCst);
        }
    }

    fn get(&self, hart: u64) -> Option<&AtomicBool> {
        self.0.get(usize::try_from(hart).ok()?)
    }

    /// The harts that a mask selects (§3.1).
    pub(super) fn select(&self, mask: u64, base: u64) -> Result<Vec<usize>, SbiError> {
        let count = self.0.len();
        if base == ALL_HARTS {
            return Ok((0..count).collect());
        }
        let bits = (0..64).filter(|bit| mask >> bit & 1 != 0);
        bits.map(|bit| {
            let hart = base
                .checked_add(bit)
                .and_then(|hart| usize::try_from(hart).ok());
            hart.filter(|hart| *hart < count)
                .ok_or(SbiError::InvalidParam)
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hart_0_runs_at_first_and_one_caller_starts_a_hart() {
        let harts = HartStates::new(2);
        assert_eq!(harts.all(), [true, false]);
        assert_eq!(harts.claim(1), Some(true));
        assert_eq!(harts.claim(1), Some(false));
        assert_eq!(harts.claim(2), None);
        harts.stop(1);
        assert_eq!(harts.is_started(1), Some(false));
        harts.replace(&[false]);
        assert_eq!(harts.all(), [false, false]);
    }

    #[test]
    fn masks_select_existing_harts_only() {
        let harts = HartStates::new(4);
        assert_eq!(harts.select(0b101, 0), Ok(vec![0, 2]));
        assert_eq!(harts.select(0b11, 2), Ok(vec![2, 3]));
        assert_eq!(harts.select(0, 0), Ok(vec![]));
        assert_eq!(harts.select(0, u64::MAX), Ok(vec![0, 1, 2, 3]));
        for (mask, base) in [(0b1_0000, 0), (1, 4), (0b10, u64::MAX - 1), (1 << 63, 0)] {
            assert_eq!(harts.select(mask, base), Err(SbiError::InvalidParam));
        }
    }
}
