//! `mstatus` and `sstatus`.

use vm_cross_arch::ir::fixed;

use super::{Row, Update};
use crate::{
    guest::riscv64::{Riscv64, status as fields},
    vcpu::Core,
};

pub(super) const ROWS: &[Row] = &[
    Row::new(
        0x300,
        "mstatus",
        |hart, core, _| hart.mstatus(core),
        |hart, core, _, update| hart.set_mstatus(core, update.value),
    ),
    Row::new(
        0x100,
        "sstatus",
        |hart, core, _| hart.mstatus(core) & fields::SUPERVISOR_VISIBLE,
        write_sstatus,
    ),
];

fn write_sstatus(hart: &mut Riscv64, core: &mut Core, _: u16, update: Update) {
    let mask = fields::SUPERVISOR_WRITABLE;
    let value = hart.mstatus(core) & !mask | update.value & mask;
    hart.set_mstatus(core, value);
}

impl Riscv64 {
    /// `mstatus`, with what blocks have noted of floating-point writes.
    pub(in super::super) fn mstatus(&self, core: &Core) -> u64 {
        let mut status = self.regs.status;
        if core.get(fixed::FP_DIRTY) != 0 && status.fp_on() {
            status.set_fp_dirty();
        }
        status.bits()
    }

    /// Writes `mstatus`.
    fn set_mstatus(&mut self, core: &mut Core, value: u64) {
        self.regs.status = self.regs.status.legalized(value);
        core.set(fixed::FP_DIRTY, 0);
        self.update_translation(core);
    }
}
