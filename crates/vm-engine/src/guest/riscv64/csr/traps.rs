//! Trap setup and handling (Privileged 1.13 §3.1.7, §3.1.8, §3.1.13 to §3.1.16, §12.1).

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
        |hart, _, _| hart.regs.sscratch,
        |hart, _, _, update| hart.regs.sscratch = update.value,
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
        |hart, _, _| hart.regs.sepc,
        |hart, _, _, update| hart.regs.sepc = update.value & !1,
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
        |hart, _, _| hart.regs.scause,
        |hart, _, _, update| hart.regs.scause = update.value,
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
        |hart, _, _| hart.regs.stval,
        |hart, _, _, update| hart.regs.stval = update.value,
    ),
];

/// `mtvec` or `stvec`: direct (0) and vectored (1); reserved modes are ignored
/// with the base they come with.
const fn vector(value: u64, old: u64) -> u64 {
    if value & 3 > 1 { old } else { value }
}
