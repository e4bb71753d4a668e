//! The goldfish RTC: the date in nanoseconds, and one alarm.

use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use vm_core::{
    AccessSize, IrqLine, MmioDevice,
    snapshot::{Kind, SavedState, Snapshot, SnapshotError},
    time::{Alarm, AlarmService, Clock},
};

use super::WallClock;

/// Length of the device's window in bytes.
pub const WINDOW_LEN: u64 = 0x1000;

/// Low half of the time; reading it latches the high half.
const TIME_LOW: u64 = 0x00;
/// High half of the time, as of the last read of the low half.
const TIME_HIGH: u64 = 0x04;
/// Low half of the alarm time; writing it arms the alarm.
const ALARM_LOW: u64 = 0x08;
/// High half of the alarm time.
const ALARM_HIGH: u64 = 0x0c;
/// Bit 0: the alarm's interrupt reaches the wire.
const IRQ_ENABLED: u64 = 0x10;
/// Any write disarms the alarm.
const CLEAR_ALARM: u64 = 0x14;
/// Bit 0: the alarm is armed.
const ALARM_STATUS: u64 = 0x18;
/// Any write clears the interrupt.
const CLEAR_INTERRUPT: u64 = 0x1c;

/// The alarm's precision. A date that stands still while the machine's clock
/// runs makes the alarm come too early again and again: not more often than this.
const MIN_WAIT_NS: u64 = 1_000_000;

const KIND: Kind<State> = Kind::new("goldfish-rtc", 1);

/// A goldfish RTC.
pub struct GoldfishRtc {
    wall: Arc<dyn WallClock>,
    clock: Arc<dyn Clock>,
    line: Arc<dyn IrqLine>,
    alarm: Alarm,
    state: Mutex<State>,
}

/// The registers. Also the saved form, version 1.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    /// The guest's time minus the host's, wrapping: what the guest has set.
    offset: u64,
    latched_high: u32,
    alarm: u64,
    armed: bool,
    irq_enabled: bool,
    irq_pending: bool,
}

const fn low(value: u64) -> u32 {
    value as u32
}

const fn high(value: u64) -> u32 {
    (value >> 32) as u32
}

const fn with_low(old: u64, value: u32) -> u64 {
    old & !0xffff_ffff | value as u64
}

const fn with_high(old: u64, value: u32) -> u64 {
    old & 0xffff_ffff | (value as u64) << 32
}

impl GoldfishRtc {
    /// An RTC that shows the time of `wall`; its alarm runs on `alarms`.
    pub fn new(
        wall: Arc<dyn WallClock>,
        alarms: &AlarmService,
        line: Arc<dyn IrqLine>,
    ) -> Arc<Self> {
        Arc::new_cyclic(|weak: &Weak<Self>| {
            let weak = weak.clone();
            Self {
                wall,
                clock: Arc::clone(alarms.clock()),
                line,
                alarm: alarms.alarm(move || {
                    if let Some(rtc) = weak.upgrade() {
                        rtc.refresh();
                    }
                }),
                state: Mutex::default(),
            }
        })
    }

    /// Compares the date with the alarm anew, for clocks that move by hand.
    pub fn refresh(&self) {
        self.update(&mut self.state.lock());
    }

    fn now(&self, state: &State) -> u64 {
        self.wall.unix_ns().wrapping_add(state.offset)
    }

    /// Fires or re-arms the alarm and drives the wire, all under the lock.
    fn update(&self, state: &mut State) {
        let left = state.alarm.saturating_sub(self.now(state));
        if state.armed && left == 0 {
            state.armed = false;
            state.irq_pending = true;
        }
        let deadline = self.clock.now_ns().checked_add(left.max(MIN_WAIT_NS));
        self.alarm.set(deadline.filter(|_| state.armed));
        self.line.set_level(state.irq_enabled && state.irq_pending);
    }

    fn set_time(&self, state: &mut State, change: impl FnOnce(u64) -> u64) {
        let now = self.now(state);
        let step = change(now).wrapping_sub(now);
        state.offset = state.offset.wrapping_add(step);
    }
}

impl MmioDevice for GoldfishRtc {
    fn name(&self) -> &str {
        "rtc"
    }

    /// Only aligned 32-bit accesses are answered; unknown registers read as zero.
    fn read(&self, offset: u64, size: AccessSize) -> Option<u64> {
        if size != AccessSize::Word || !offset.is_multiple_of(4) {
            return None;
        }
        let mut state = self.state.lock();
        let value = match offset {
            TIME_LOW => {
                let now = self.now(&state);
                state.latched_high = high(now);
                low(now)
            }
            TIME_HIGH => state.latched_high,
            ALARM_LOW => low(state.alarm),
            ALARM_HIGH => high(state.alarm),
            IRQ_ENABLED => state.irq_enabled.into(),
            ALARM_STATUS => state.armed.into(),
            _ => 0,
        };
        Some(value.into())
    }

    fn write(&self, offset: u64, size: AccessSize, value: u64) -> Option<()> {
        if size != AccessSize::Word || !offset.is_multiple_of(4) {
            return None;
        }
        let value = value as u32;
        let mut state = self.state.lock();
        match offset {
            TIME_LOW => self.set_time(&mut state, |now| with_low(now, value)),
            TIME_HIGH => self.set_time(&mut state, |now| with_high(now, value)),
            ALARM_LOW => {
                state.alarm = with_low(state.alarm, value);
                state.armed = true;
            }
            ALARM_HIGH => state.alarm = with_high(state.alarm, value),
            IRQ_ENABLED => state.irq_enabled = value & 1 != 0,
            CLEAR_ALARM => state.armed = false,
            CLEAR_INTERRUPT => state.irq_pending = false,
            _ => return Some(()),
        }
        self.update(&mut state);
        Some(())
    }
}

impl Snapshot for GoldfishRtc {
    fn save(&self) -> Result<SavedState, SnapshotError> {
        KIND.save(&*self.state.lock())
    }

    /// The date goes on with the host's: time passed while the machine was saved.
    fn restore(&self, saved: &SavedState) -> Result<(), SnapshotError> {
        let restored: State = KIND.load(saved)?;
        let mut state = self.state.lock();
        *state = restored;
        self.update(&mut state);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
