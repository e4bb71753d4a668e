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
    /// Sets `stimecmp`, in ticks of the `time` counter.
    pub(in super::super) fn set_stimecmp(&mut self, core: &Core, ticks: u64) {
        self.regs.stimecmp = ticks;
        self.update_timer(core);
    }

    /// Drives STIP from `stimecmp` if `menvcfg.STCE` says so. Called after every
    /// change to one of them.
    pub(in super::super) fn update_timer(&mut self, core: &Core) {
        let compare = self.sstc_enabled().then_some(self.regs.stimecmp);
        self.timer.set(core, compare);
    }
}
