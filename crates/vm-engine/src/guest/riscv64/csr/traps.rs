//! Trap setup and handling (Privileged 1.13 §3.1.7, §3.1.8, §3.1.13 to §3.1.16, §12.1).

use vm_cross_arch::guest::riscv64::regs;

use super::Row;
use crate::guest::riscv64::cause::{exception, interrupt};

pub(super) const ROWS: &[Row] = &[
    Row::new(
        0x302,
        "medeleg",
        |hart, _, _| hart.regs.medeleg,
        |hart, _, _, update| hart.regs.medeleg = update.value & exception::DELEGABLE,
    ),
    Row::new(
        0x303,
        "mideleg",
        |hart, _, _| hart.regs.mideleg,
        |hart, _, _, update| hart.regs.mideleg = update.value & interrupt::SUPERVISOR,
    ),
    Row::new(
        0x305,
        "mtvec",
        |hart, _, _| hart.regs.mtvec,
        |hart, _, _, update| hart.regs.mtvec = vector(update.value, hart.regs.mtvec),
    ),
    Row::new(
        0x105,
        "stvec",
        |hart, _, _| hart.regs.stvec,
        |hart, _, _, update| hart.regs.stvec = vector(update.value, hart.regs.stvec),
    ),
    Row::new(
        0x340,
        "mscratch",
        |hart, _, _| hart.regs.mscratch,
        |hart, _, _, update| hart.regs.mscratch = update.value,
    ),
    Row::new(
        0x140,
        "sscratch",
        |_, core, _| core.get(regs::SSCRATCH),
        |_, core, _, update| core.set(regs::SSCRATCH, update.value),
    ),
    Row::new(
        0x341,
        "mepc",
        |hart, _, _| hart.regs.mepc,
        |hart, _, _, update| hart.regs.mepc = update.value & !1,
    ),
    Row::new(
        0x141,
        "sepc",
        |_, core, _| core.get(regs::SEPC),
        |_, core, _, update| core.set(regs::SEPC, update.value & !1),
    ),
    Row::new(
        0x342,
        "mcause",
        |hart, _, _| hart.regs.mcause,
        |hart, _, _, update| hart.regs.mcause = update.value,
    ),
    Row::new(
        0x142,
        "scause",
        |_, core, _| core.get(regs::SCAUSE),
        |_, core, _, update| core.set(regs::SCAUSE, update.value),
    ),
    Row::new(
        0x343,
        "mtval",
        |hart, _, _| hart.regs.mtval,
        |hart, _, _, update| hart.regs.mtval = update.value,
    ),
    Row::new(
        0x143,
        "stval",
        |_, core, _| core.get(regs::STVAL),
        |_, core, _, update| core.set(regs::STVAL, update.value),
    ),
];

/// `mtvec` or `stvec`: direct (0) and vectored (1); reserved modes are ignored
/// with the base they come with.
const fn vector(value: u64, old: u64) -> u64 {
    if value & 3 > 1 { old } else { value }
}
