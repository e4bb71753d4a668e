//! The RISC-V ACLINT's machine-level timer and software interrupts (MTIMER and
//! MSWI, ACLINT specification 1.0), laid out as SiFive's CLINT.

mod mswi;
mod mtimer;

use std::sync::Arc;

use vm_core::{
    AccessSize, IrqLine, MmioDevice,
    snapshot::{Kind, SavedState, Snapshot, SnapshotError},
    time::{AlarmService, Counter},
};

use self::{
    mswi::Mswi,
    mtimer::{Mtimer, TimerState},
};

/// Length of the register window in bytes.
pub const WINDOW_LEN: u64 = 0x1_0000;
/// The most harts the layout has room for.
pub const MAX_HARTS: usize = 4095;

/// Software interrupt pending, a word for each hart.
const MSIP: u64 = 0;
/// Timer compare, a double word for each hart.
const MTIMECMP: u64 = 0x4000;
/// The time, a double word.
const MTIME: u64 = 0xbff8;
/// The CLINT's registers end here; the rest of the window is reserved.
const END: u64 = 0xc000;

const KIND: Kind<State> = Kind::new("aclint", 1);

/// The machine-level interrupt wires of one hart.
pub struct HartLines {
    /// Machine software interrupt.
    pub software: Arc<dyn IrqLine>,
    /// Machine timer interrupt.
    pub timer: Arc<dyn IrqLine>,
}

/// An ACLINT that cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AclintError {
    /// More harts than the layout has room for.
    #[error("an ACLINT cannot serve {0} harts: it serves up to {MAX_HARTS}")]
    Harts(usize),
    /// The counter must move.
    #[error("an ACLINT's counter cannot run at 0 Hz")]
    Frequency,
}

/// Timer and software interrupts of a set of harts.
pub struct Aclint {
    mswi: Mswi,
    mtimer: Mtimer,
}

/// The saved form. The machine's clock, which the counter runs on, is saved by the
/// machine; what the guest has set the counter to is here.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct State {
    msip: Vec<bool>,
    timer: TimerState,
}

impl Aclint {
    /// An ACLINT for the harts that `lines` leads to, whose counter runs at
    /// `hz` on the clock of `alarms`.
    ///
    /// # Errors
    /// [`AclintError`] for more than [`MAX_HARTS`] harts or a frequency of 0.
    pub fn new(
        lines: Vec<HartLines>,
        hz: u64,
        alarms: &AlarmService,
    ) -> Result<Arc<Self>, AclintError> {
        if lines.len() > MAX_HARTS {
            return Err(AclintError::Harts(lines.len()));
        }
        if hz == 0 {
            return Err(AclintError::Frequency);
        }
        let (software, timer) = lines
            .into_iter()
            .map(|lines| (lines.software, lines.timer))
            .unzip();
        Ok(Arc::new(Self {
            mswi: Mswi::new(software),
            mtimer: Mtimer::new(timer, hz, alarms),
        }))
    }

    /// The counter that `mtime` is: harts read it as their `time` register.
    pub fn counter(&self) -> &Counter {
        self.mtimer.counter()
    }
}

/// The hart and register width of an access to an array of registers.
const fn index(offset: u64, base: u64, width: u64) -> usize {
    ((offset - base) / width) as usize
}

impl MmioDevice for Aclint {
    fn name(&self) -> &str {
        "aclint"
    }

    /// Answers aligned words, and aligned double words in the MTIMER.
    /// Registers of harts that do not exist read as zero.
    fn read(&self, offset: u64, size: AccessSize) -> Option<u64> {
        if size < AccessSize::Word || !offset.is_multiple_of(size.bytes()) {
            return None;
        }
        let register = match offset {
            MSIP..MTIMECMP if size == AccessSize::Word => {
                return Some(self.mswi.get(index(offset, MSIP, 4)).into());
            }
            MTIMECMP..MTIME => self.mtimer.compare(index(offset, MTIMECMP, 8)),
            MTIME..END => self.counter().now(),
            _ => return None,
        };
        Some((register >> (8 * (offset % 8))) & size.mask())
    }

    fn write(&self, offset: u64, size: AccessSize, value: u64) -> Option<()> {
        if size < AccessSize::Word || !offset.is_multiple_of(size.bytes()) {
            return None;
        }
        let shift = 8 * (offset % 8);
        let mask = size.mask() << shift;
        let insert = |old: u64| (old & !mask) | ((value << shift) & mask);
        match offset {
            MSIP..MTIMECMP if size == AccessSize::Word => {
                self.mswi.set(index(offset, MSIP, 4), value & 1 != 0);
            }
            MTIMECMP..MTIME => self.mtimer.set_compare(index(offset, MTIMECMP, 8), insert),
            MTIME..END => self.counter().set(insert),
            _ => return None,
        }
        Some(())
    }
}

impl Snapshot for Aclint {
    fn save(&self) -> Result<SavedState, SnapshotError> {
        let state = State {
            msip: self.mswi.save(),
            timer: self.mtimer.save(),
        };
        KIND.save(&state)
    }

    fn restore(&self, saved: &SavedState) -> Result<(), SnapshotError> {
        let state: State = KIND.load(saved)?;
        let (harts, found) = (self.mswi.harts(), state.msip.len());
        if found != harts || state.timer.harts() != harts {
            return Err(KIND.mismatch(format!(
                "it is of {found} harts; run with {found} vCPUs instead of {harts}"
            )));
        }
        self.mswi.restore(&state.msip);
        self.mtimer.restore(&state.timer);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
