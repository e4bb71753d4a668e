//! `fflags`, `frm` and `fcsr` (Unprivileged §"Floating-Point Control and Status
//! Register"). Flags and rounding mode live in slots, where blocks use them.

use vm_core::float::RoundingMode;
use vm_cross_arch::ir::fixed;

use super::{Row, Update};
use crate::{guest::riscv64::Riscv64, vcpu::Core};

const FLAGS: u64 = 0x1f;
const FRM: u64 = 7;
const FRM_SHIFT: u32 = 5;

pub(super) const ROWS: &[Row] = &[
    Row::new(0x001, "fflags", |_, core, _| flags(core), write_fflags).when(fp_on),
    Row::new(0x002, "frm", |hart, _, _| hart.regs.frm, write_frm).when(fp_on),
    Row::new(0x003, "fcsr", read_fcsr, write_fcsr).when(fp_on),
];

fn fp_on(hart: &Riscv64, _: &Core, _: u16) -> bool {
    hart.regs.status.fp_on()
}

fn flags(core: &Core) -> u64 {
    core.get(fixed::FP_FLAGS) & FLAGS
}

fn read_fcsr(hart: &Riscv64, core: &Core, _: u16) -> u64 {
    flags(core) | hart.regs.frm << FRM_SHIFT
}

fn write_fflags(hart: &mut Riscv64, core: &mut Core, _: u16, update: Update) {
    hart.set_fcsr(core, update.value & FLAGS | hart.regs.frm << FRM_SHIFT);
}

fn write_frm(hart: &mut Riscv64, core: &mut Core, _: u16, update: Update) {
    hart.set_fcsr(core, flags(core) | (update.value & FRM) << FRM_SHIFT);
}

fn write_fcsr(hart: &mut Riscv64, core: &mut Core, _: u16, update: Update) {
    hart.set_fcsr(core, update.value);
}

impl Riscv64 {
    /// Sets flags and rounding mode; floating-point state is dirty then.
    fn set_fcsr(&mut self, core: &mut Core, value: u64) {
        core.set(fixed::FP_FLAGS, value & FLAGS);
        self.set_rounding(core, value >> FRM_SHIFT & FRM);
        self.regs.status.set_fp_dirty();
    }

    /// Sets `frm`. All values are kept; reserved ones make instructions that
    /// round dynamically illegal, so blocks never see them.
    pub(in super::super) fn set_rounding(&mut self, core: &mut Core, frm: u64) {
        self.regs.frm = frm & FRM;
        if let Some(mode) = RoundingMode::from_number(self.regs.frm) {
            core.set(fixed::FP_ROUNDING, mode as u64);
        }
    }

    /// `fcsr`.
    pub(in super::super) fn fcsr(&self, core: &Core) -> u64 {
        read_fcsr(self, core, 0)
    }

    /// Whether `frm` names a rounding mode.
    pub(in super::super) fn rounding_valid(&self) -> bool {
        RoundingMode::from_number(self.regs.frm).is_some()
    }
}
