//! The machine timer (ACLINT §2): one counter, a compare register for each hart.

use std::sync::{
    Arc, Weak,
    atomic::{AtomicU64, Ordering},
};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use vm_core::{
    IrqLine,
    time::{Alarm, AlarmService, Clock},
};

/// Counter and compare registers.
pub(super) struct Mtimer {
    clock: Arc<dyn Clock>,
    hz: u64,
    /// Counter minus clock ticks. Sequentially consistent: whoever changes it
    /// refreshes every hart afterwards, and whoever changes a hart's compare
    /// register reads it afterwards, so the later of the two sees both.
    offset: AtomicU64,
    harts: Vec<Hart>,
}

struct Hart {
    compare: Mutex<u64>,
    line: Arc<dyn IrqLine>,
    alarm: Alarm,
}

/// The saved form.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct TimerState {
    offset: u64,
    compare: Vec<u64>,
}

impl TimerState {
    pub(super) const fn harts(&self) -> usize {
        self.compare.len()
    }
}

impl Mtimer {
    pub(super) fn new(lines: Vec<Arc<dyn IrqLine>>, hz: u64, alarms: &AlarmService) -> Arc<Self> {
        Arc::new_cyclic(|weak: &Weak<Self>| {
            let hart = |(index, line)| {
                let weak = weak.clone();
                Hart {
                    // No interrupt until a compare register is set.
                    compare: Mutex::new(u64::MAX),
                    line,
                    alarm: alarms.alarm(move || {
                        if let Some(timer) = weak.upgrade() {
                            timer.refresh(index);
                        }
                    }),
                }
            };
            Self {
                clock: Arc::clone(alarms.clock()),
                hz,
                offset: AtomicU64::new(0),
                harts: lines.into_iter().enumerate().map(hart).collect(),
            }
        })
    }

    pub(super) fn offset(&self) -> u64 {
        self.offset.load(Ordering::SeqCst)
    }

    pub(super) fn now(&self) -> u64 {
        self.clock.ticks(self.hz).wrapping_add(self.offset())
    }

    /// Changes the counter.
    pub(super) fn set_now(&self, change: impl Fn(u64) -> u64) {
        let ticks = self.clock.ticks(self.hz);
        let moved = |offset| Some(change(ticks.wrapping_add(offset)).wrapping_sub(ticks));
        // The closure never declines.
        let _ = self
            .offset
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, moved);
        self.refresh_all();
    }

    pub(super) fn compare(&self, hart: usize) -> u64 {
        self.harts.get(hart).map_or(0, |hart| *hart.compare.lock())
    }

    /// Changes a hart's compare register.
    pub(super) fn set_compare(&self, hart: usize, change: impl FnOnce(u64) -> u64) {
        if let Some(hart) = self.harts.get(hart) {
            let mut compare = hart.compare.lock();
            *compare = change(*compare);
            self.drive(hart, *compare);
        }
    }

    pub(super) fn refresh_all(&self) {
        (0..self.harts.len()).for_each(|hart| self.refresh(hart));
    }

    fn refresh(&self, hart: usize) {
        if let Some(hart) = self.harts.get(hart) {
            let compare = hart.compare.lock();
            self.drive(hart, *compare);
        }
    }

    /// Drives the wire and sets the alarm, under the compare register's lock.
    fn drive(&self, hart: &Hart, compare: u64) {
        let ticks = self.clock.ticks(self.hz);
        let left = compare.saturating_sub(ticks.wrapping_add(self.offset()));
        hart.line.set_level(left == 0);
        let deadline = if left == 0 {
            None
        } else {
            self.deadline_ns(ticks, left)
        };
        hart.alarm.set(deadline);
    }

    /// When the clock will have moved `left` ticks on from `ticks`, rounded up;
    /// `None` if that is centuries away.
    pub(super) fn deadline_ns(&self, ticks: u64, left: u64) -> Option<u64> {
        let target = u128::from(ticks) + u128::from(left);
        let ns = (target * 1_000_000_000).div_ceil(u128::from(self.hz));
        u64::try_from(ns).ok()
    }

    pub(super) fn save(&self) -> TimerState {
        TimerState {
            offset: self.offset(),
            compare: self.harts.iter().map(|hart| *hart.compare.lock()).collect(),
        }
    }

    pub(super) fn restore(&self, state: &TimerState) {
        self.offset.store(state.offset, Ordering::SeqCst);
        for (hart, compare) in state.compare.iter().enumerate() {
            self.set_compare(hart, |_| *compare);
        }
    }
}
