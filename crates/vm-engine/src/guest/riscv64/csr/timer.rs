//! `stimecmp` (Privileged 1.13, "Sstc" Extension).

use super::{Row, Update};
use crate::{guest::riscv64::Riscv64, vcpu::Core};

pub(super) const ROWS: &[Row] =
    &[Row::new(0x14d, "stimecmp", |hart, _, _| hart.regs.stimecmp, write).when(accessible)];

/// Below M-mode it needs `menvcfg.STCE` and `mcounteren.TM`.
fn accessible(hart: &Riscv64, _: &Core, _: u16) -> bool {
    let delegated = hart.sstc_enabled() && hart.time_delegated();
    hart.config.extensions.sstc && (hart.privilege.is_machine() || delegated)
}

fn write(hart: &mut Riscv64, core: &mut Core, _: u16, update: Update) {
    hart.set_stimecmp(core, update.value);
}

impl Riscv64 {
    /// Whether a comparator drives STIP: that of Sstc, or, where there is no
    /// Sstc, the machine timer of built-in firmware.
    pub(super) fn comparator_drives(&self) -> bool {
        let firmware = self.config.firmware.is_some() && !self.config.extensions.sstc;
        self.sstc_enabled() || firmware
    }

    /// Sets `stimecmp`, in ticks of the `time` counter.
    pub(in super::super) fn set_stimecmp(&mut self, core: &Core, ticks: u64) {
        self.regs.stimecmp = ticks;
        self.update_timer(core);
    }

    /// Drives STIP from `stimecmp`, or leaves it to software. Called after every
    /// change to `stimecmp` and to `menvcfg.STCE`.
    pub(in super::super) fn update_timer(&mut self, core: &Core) {
        let compare = self.comparator_drives().then_some(self.regs.stimecmp);
        self.timer.set(core, compare);
    }
}
