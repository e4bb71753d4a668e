//! Atomic memory access.

use vm_core::AccessSize;

use super::super::{
    Builder, Helper, Insn,
    builder::{ZERO, x},
    regs,
};
use crate::ir::{AtomicOp, Op, Operand, Ordering};

/// What the `aq` and `rl` bits ask for (Unprivileged §"A" "Specifying Ordering").
const fn ordering(i: Insn) -> Ordering {
    match (i.aq(), i.rl()) {
        (false, false) => Ordering::Relaxed,
        (true, false) => Ordering::Acquire,
        (false, true) => Ordering::Release,
        (true, true) => Ordering::Sequential,
    }
}

/// `rd = memory[rs1]; memory[rs1] = rd op rs2`.
pub fn read_modify_write(b: &mut Builder, i: Insn, op: AtomicOp, size: AccessSize) {
    let (addr, src) = (x(i.rs1()), x(i.rs2()));
    b.atomic(op, size, regs::x(i.rd()), addr, src, ordering(i));
}

/// `LR`.
pub fn load_reserved(b: &mut Builder, i: Insn, size: AccessSize) {
    let dst = b.sink(regs::x(i.rd()));
    b.op(Op::LoadReserved {
        size,
        dst,
        addr: x(i.rs1()),
        ordering: ordering(i),
    });
}

/// `SC`.
pub fn store_conditional(b: &mut Builder, i: Insn, size: AccessSize) {
    let dst = b.sink(regs::x(i.rd()));
    b.op(Op::StoreConditional {
        size,
        dst,
        addr: x(i.rs1()),
        src: x(i.rs2()),
        ordering: ordering(i),
    });
}

/// `AMOCAS.W` and `AMOCAS.D`: compares with `rd`, which gets the old value.
pub fn compare_and_swap(b: &mut Builder, i: Insn, size: AccessSize) {
    let dst = b.sink(regs::x(i.rd()));
    b.op(Op::CompareExchange {
        size,
        dst,
        addr: x(i.rs1()),
        expected: x(i.rd()),
        new: x(i.rs2()),
        ordering: ordering(i),
    });
}

/// `AMOCAS.Q`, on register pairs.
pub fn compare_and_swap_quad(b: &mut Builder, i: Insn) {
    let bits = Operand::Imm(i.0.into());
    b.helper(Helper::AmoCasQ, None, [x(i.rs1()), ZERO, bits]);
}
