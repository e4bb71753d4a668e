//! `satp` (Privileged 1.13 §12.1.11).

use vm_mem::riscv64::Satp;

use super::{Row, Update};
use crate::{
    guest::riscv64::{Riscv64, status},
    vcpu::Core,
};

pub(super) const ROWS: &[Row] =
    &[Row::new(0x180, "satp", |hart, _, _| hart.regs.satp, write).when(accessible)];

/// TVM takes it from S-mode (§3.1.6.5).
fn accessible(hart: &Riscv64, _: &Core, _: u16) -> bool {
    !(hart.privilege.is_supervisor() && hart.regs.status.has(status::TVM))
}

/// A write with an unsupported mode has no effect at all. Cached translations
/// stay: they are tagged with mode and ASID.
fn write(hart: &mut Riscv64, core: &mut Core, _: u16, update: Update) {
    if Satp(update.value).mode().is_some() {
        hart.regs.satp = update.value;
        hart.update_translation(core);
    }
}
