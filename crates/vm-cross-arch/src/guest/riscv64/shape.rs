//! What back-ends have to know of RISC-V.

use super::regs;
use crate::{guest::GuestShape, ir::Slot};

/// The registers that compressed instructions and calls use most: `sp`, `s0`, `s1`, `ra`
/// and `a0` to `a5`; then the other arguments, temporaries and saved registers.
const GLOBAL_PRIORITY: &[Slot] = &[
    regs::x(2),
    regs::x(8),
    regs::x(9),
    regs::x(1),
    regs::x(10),
    regs::x(11),
    regs::x(12),
    regs::x(13),
    regs::x(14),
    regs::x(15),
    regs::x(16),
    regs::x(17),
    regs::x(18),
    regs::x(19),
    regs::x(20),
    regs::x(5),
    regs::x(6),
    regs::x(7),
];

/// RV64GC: instructions of two or four bytes. `sp` and `tp` are steady.
pub const SHAPE: GuestShape = GuestShape {
    global_priority: GLOBAL_PRIORITY,
    steady_bases: &[regs::x(2), regs::x(4)],
    insn_align_shift: 1,
    max_insn_bytes: 4,
};
