//! Counters (Privileged 1.13 §3.1.10 to §3.1.12, §12.1.5; Zicntr, Zihpm).
//!
//! One cycle passes per retired instruction. The performance counters 3 to 31
//! are read-only zero.

use super::{Row, Update};
use crate::{
    guest::riscv64::{Privilege, Riscv64, counter::Counter},
    vcpu::Core,
};

/// Counters 3 to 31.
const HPM_COUNTERS: u16 = 29;
/// Bits of `mcounteren` and `mcountinhibit`.
const CY: u64 = 1 << 0;
const IR: u64 = 1 << 2;
/// Bit number of `time` in `mcounteren`.
const TIME: u16 = 1;
/// `mcounteren` and `scounteren` are 32 bits wide.
const ENABLES: u64 = 0xffff_ffff;

pub(super) const ROWS: &[Row] = &[
    Row::read_only(0xc00, "cycle", |hart, core, _| {
        hart.regs.cycle.read(retired(core))
    })
    .when(|hart, _, _| hart.counter_enabled(0)),
    Row::read_only(0xc01, "time", |hart, core, _| hart.time(core))
        .when(|hart, _, _| hart.counter_enabled(TIME)),
    Row::read_only(0xc02, "instret", |hart, core, _| {
        hart.regs.instret.read(retired(core))
    })
    .when(|hart, _, _| hart.counter_enabled(2)),
    Row::read_only(0xc03, "hpmcounter", zero)
        .numbered(3, HPM_COUNTERS)
        .when(|hart, _, index| hart.counter_enabled(3 + index)),
    Row::new(
        0xb00,
        "mcycle",
        |hart, core, _| hart.regs.cycle.read(retired(core)),
        |hart, core, _, update| hart.regs.cycle.write(update.value, retired_after(core)),
    ),
    Row::new(
        0xb02,
        "minstret",
        |hart, core, _| hart.regs.instret.read(retired(core)),
        |hart, core, _, update| hart.regs.instret.write(update.value, retired_after(core)),
    ),
    Row::read_only(0xb03, "mhpmcounter", zero).numbered(3, HPM_COUNTERS),
    Row::read_only(0x323, "mhpmevent", zero).numbered(3, HPM_COUNTERS),
    Row::new(
        0x320,
        "mcountinhibit",
        |hart, _, _| hart.inhibited(),
        write_inhibit,
    ),
    Row::new(
        0x306,
        "mcounteren",
        |hart, _, _| hart.regs.mcounteren,
        |hart, _, _, update| hart.regs.mcounteren = update.value & ENABLES,
    ),
    Row::new(
        0x106,
        "scounteren",
        |hart, _, _| hart.regs.scounteren,
        |hart, _, _, update| hart.regs.scounteren = update.value & ENABLES,
    ),
];

fn zero(_: &Riscv64, _: &Core, _: u16) -> u64 {
    0
}

fn retired(core: &Core) -> u64 {
    core.instructions_retired()
}

/// A written value is what the next instruction reads (§3.1.10): the writing
/// instruction itself does not add to it.
fn retired_after(core: &Core) -> u64 {
    core.instructions_retired().wrapping_add(1)
}

fn write_inhibit(hart: &mut Riscv64, core: &mut Core, _: u16, update: Update) {
    let retired = retired_after(core);
    hart.regs
        .cycle
        .set_inhibited(update.value & CY != 0, retired);
    hart.regs
        .instret
        .set_inhibited(update.value & IR != 0, retired);
}

impl Riscv64 {
    /// `mcountinhibit`.
    pub(in super::super) fn inhibited(&self) -> u64 {
        let bit = |counter: &Counter, bit| if counter.is_inhibited() { bit } else { 0 };
        bit(&self.regs.cycle, CY) | bit(&self.regs.instret, IR)
    }

    /// Writes `mcountinhibit`, which takes effect `retired` instructions after reset.
    pub(in super::super) fn set_inhibited(&mut self, value: u64, retired: u64) {
        self.regs.cycle.set_inhibited(value & CY != 0, retired);
        self.regs.instret.set_inhibited(value & IR != 0, retired);
    }

    /// The `time` counter.
    pub(super) fn time(&self, core: &Core) -> u64 {
        self.timer.counter(core).now()
    }

    /// Whether the user-level view of a counter is open to the current mode.
    fn counter_enabled(&self, number: u16) -> bool {
        let needed = 1 << number;
        let machine = self.regs.mcounteren & needed != 0;
        match self.privilege {
            Privilege::Machine => true,
            Privilege::Supervisor => machine,
            Privilege::User => machine && self.regs.scounteren & needed != 0,
        }
    }

    /// `mcounteren.TM`, which also guards `stimecmp`.
    pub(super) fn time_delegated(&self) -> bool {
        self.regs.mcounteren & 1 << TIME != 0
    }
}
