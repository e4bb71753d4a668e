//! Which harts there are, and which of them run.

use std::sync::atomic::{AtomicU8, Ordering};

use super::SbiError;

/// The value of `hart_mask_base` that selects every hart (§3.1).
const ALL_HARTS: u64 = u64::MAX;

/// The states of a hart (§9, table 14) that take time here; stopping takes none, nor do
/// suspending and resuming.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum HartState {
    /// It runs.
    Started = 0,
    /// It waits to be started.
    Stopped = 1,
    /// It has been started, and is yet to run.
    StartPending = 2,
    /// It sleeps until an interrupt is pending.
    Suspended = 4,
}

impl HartState {
    fn of(value: u8) -> Self {
        match value {
            0 => Self::Started,
            2 => Self::StartPending,
            4 => Self::Suspended,
            _ => Self::Stopped,
        }
    }
}

/// The state of each hart.
pub(super) struct HartStates(Box<[AtomicU8]>);

impl HartStates {
    /// Hart 0 runs, the others wait to be started.
    pub(super) fn new(harts: usize) -> Self {
        let first = |hart| match hart {
            0 => HartState::Started,
            _ => HartState::Stopped,
        };
        let states = (0..harts).map(|hart| AtomicU8::new(first(hart) as u8));
        Self(states.collect())
    }

    /// How many harts there are.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// The hart's state; `None` if there is no such hart.
    pub(super) fn state(&self, hart: u64) -> Option<HartState> {
        Some(HartState::of(self.get(hart)?.load(Ordering::SeqCst)))
    }

    /// The hart itself says what it does now.
    pub(super) fn set(&self, hart: usize, state: HartState) {
        if let Some(cell) = self.0.get(hart) {
            cell.store(state as u8, Ordering::SeqCst);
        }
    }

    /// Has a stopped hart started; returns its state before: of several callers, one gets
    /// [`HartState::Stopped`]. `None` if there is no such hart.
    pub(super) fn claim(&self, hart: u64) -> Option<HartState> {
        let (stopped, pending) = (HartState::Stopped as u8, HartState::StartPending as u8);
        let cell = self.get(hart)?;
        let before = cell.compare_exchange(stopped, pending, Ordering::SeqCst, Ordering::SeqCst);
        Some(HartState::of(before.unwrap_or_else(|other| other)))
    }

    /// For each hart, whether it was started.
    pub(super) fn started(&self) -> Vec<bool> {
        let stopped = HartState::Stopped as u8;
        let states = self.0.iter();
        states
            .map(|state| state.load(Ordering::SeqCst) != stopped)
            .collect()
    }

    /// Replaces what [`started`](Self::started) returns; harts that are not in the list
    /// are stopped.
    pub(super) fn replace(&self, started: &[bool]) {
        for hart in 0..self.0.len() {
            let state = match started.get(hart) {
                Some(true) => HartState::Started,
                _ => HartState::Stopped,
            };
            self.set(hart, state);
        }
    }

    fn get(&self, hart: u64) -> Option<&AtomicU8> {
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
        assert_eq!(harts.started(), [true, false]);
        assert_eq!(harts.claim(1), Some(HartState::Stopped));
        assert_eq!(harts.claim(1), Some(HartState::StartPending));
        assert_eq!((harts.claim(2), harts.state(2)), (None, None));
        assert_eq!(harts.state(1), Some(HartState::StartPending));
        for state in [HartState::Started, HartState::Suspended] {
            harts.set(1, state);
            assert_eq!(harts.state(1), Some(state));
            assert_eq!(harts.claim(1), Some(state));
            assert_eq!(harts.started(), [true, true]);
        }
        harts.set(1, HartState::Stopped);
        assert_eq!(harts.started(), [true, false]);
        harts.replace(&[false]);
        assert_eq!(harts.started(), [false, false]);
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
