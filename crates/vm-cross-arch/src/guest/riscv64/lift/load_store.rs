//! Loads, stores and fences.

use vm_core::AccessSize;

use super::super::{Builder, Insn, builder::x, regs};
use crate::ir::{Extend, Op, Operand, Ordering};

/// `rd = memory[rs1 + imm]`.
pub fn load(b: &mut Builder, i: Insn, size: AccessSize, extend: Extend) {
    b.load(regs::x(i.rd()), x(i.rs1()), i.imm_i(), size, extend);
}

/// `memory[rs1 + imm] = rs2`.
pub fn store(b: &mut Builder, i: Insn, size: AccessSize) {
    b.store(x(i.rs2()), x(i.rs1()), i.imm_s(), size);
}

/// `fd = memory[rs1 + imm]`.
pub fn load_fp(b: &mut Builder, i: Insn, size: AccessSize) {
    load_fp_from(b, i.rd(), x(i.rs1()), i.imm_i(), size);
}

/// `memory[rs1 + imm] = fs2`.
pub fn store_fp(b: &mut Builder, i: Insn, size: AccessSize) {
    b.store(regs::f(i.rs2()).into(), x(i.rs1()), i.imm_s(), size);
}

/// `f<fd> = memory[base + offset]`, NaN-boxed.
pub fn load_fp_from(b: &mut Builder, fd: u8, base: Operand, offset: i32, size: AccessSize) {
    b.load(regs::f(fd), base, offset, size, Extend::Ones);
    b.fp_dirty();
}

/// `FENCE`: device input and output count as reads and writes.
pub fn fence(b: &mut Builder, i: Insn) {
    const READ: u8 = 0b1010;
    const WRITE: u8 = 0b0101;
    let (pred, succ) = (i.pred(), i.succ());
    if pred == 0 || succ == 0 {
        return; // orders nothing: a HINT (Unprivileged §2.9)
    }
    let ordering = if pred & WRITE != 0 && succ & READ != 0 {
        Ordering::Sequential
    } else if pred & WRITE == 0 {
        Ordering::Acquire // only earlier reads are ordered
    } else {
        Ordering::Release // only later writes are ordered
    };
    b.op(Op::Fence { ordering });
}

/// `FENCE.TSO`: as [`fence`] of all, but earlier writes may pass later reads.
pub fn fence_tso(b: &mut Builder, _: Insn) {
    let ordering = Ordering::AcquireRelease;
    b.op(Op::Fence { ordering });
}

/// A HINT that is not taken.
pub fn hint(_: &mut Builder, _: Insn) {}
