//! CSRs, privileged instructions and cache management.

use super::super::{
    Builder, Helper, Insn,
    builder::{ZERO, x},
    regs,
};
use crate::ir::{BinaryOp, Operand, Slot, fixed};

fn bits(i: Insn) -> Operand {
    Operand::Imm(i.0.into())
}

/// Ends the block with a helper that needs the instruction's bits alone.
pub fn end(b: &mut Builder, i: Insn, helper: Helper) {
    b.end_helper(helper, None, [bits(i), ZERO, ZERO]);
}

/// Ends the block with a helper that needs nothing.
pub fn end_bare(b: &mut Builder, _: Insn, helper: Helper) {
    b.end_helper(helper, None, [ZERO; 3]);
}

/// `SFENCE.VMA` and `SINVAL.VMA`.
pub fn fence_vma(b: &mut Builder, i: Insn) {
    let args = [x(i.rs1()), x(i.rs2()), bits(i)];
    b.end_helper(Helper::SfenceVma, None, args);
}

/// A CSR instruction that writes, whatever its operand (Unprivileged §"Zicsr" Table 8).
fn csr_write(b: &mut Builder, i: Insn, operand: Operand) {
    let args = [Operand::Imm(i.csr().into()), operand, bits(i)];
    b.end_helper(Helper::CsrWrite, Some(regs::x(i.rd())), args);
}

fn csr_read(b: &mut Builder, i: Insn) {
    let args = [Operand::Imm(i.csr().into()), ZERO, bits(i)];
    b.helper(Helper::CsrRead, Some(regs::x(i.rd())), args);
}

/// `CSRRW`.
pub fn csr_swap(b: &mut Builder, i: Insn) {
    csr_write(b, i, x(i.rs1()));
}

/// `CSRRWI`.
pub fn csr_swap_immediate(b: &mut Builder, i: Insn) {
    csr_write(b, i, Operand::Imm(i.uimm().into()));
}

/// `CSRRS` and `CSRRC`: with `x0` they only read.
pub fn csr_modify(b: &mut Builder, i: Insn) {
    if i.rs1() == 0 {
        csr_read(b, i);
    } else {
        csr_write(b, i, x(i.rs1()));
    }
}

/// `CSRRSI` and `CSRRCI`: with 0 they only read.
pub fn csr_modify_immediate(b: &mut Builder, i: Insn) {
    if i.uimm() == 0 {
        csr_read(b, i);
    } else {
        csr_write(b, i, Operand::Imm(i.uimm().into()));
    }
}

/// A cache-block instruction.
pub fn cache_block(b: &mut Builder, i: Insn, helper: Helper) {
    b.helper(helper, None, [x(i.rs1()), ZERO, bits(i)]);
}

/// Any CSR instruction on `fflags`, where floating point is on: compilers wrap
/// comparisons in them, so they are as common as those.
pub fn fp_flags(b: &mut Builder, i: Insn) {
    const FLAGS: i64 = 0x1f;
    storage(b, i, fixed::FP_FLAGS, FLAGS);
    if csr_writes(i) {
        b.fp_dirty();
    }
}

/// Whether a CSR instruction writes (Unprivileged §"Zicsr" Table 8).
const fn csr_writes(i: Insn) -> bool {
    i.0 >> 12 & 3 == 1 || i.rs1() != 0
}

/// Any CSR instruction on a register that is open and nothing but storage: a
/// slot, of which the bits that cannot be written are 0.
pub fn storage(b: &mut Builder, i: Insn, old: Slot, writable: i64) {
    let funct3 = i.0 >> 12 & 7;
    let operand = if funct3 & 4 != 0 {
        Operand::Imm(i.uimm().into())
    } else {
        x(i.rs1())
    };
    let new = b.temp();
    let take = |b: &mut Builder| match writable {
        -1 => b.mov(new, operand),
        _ => b.binary64(BinaryOp::And, new, operand, Operand::Imm(writable)),
    };
    match funct3 & 3 {
        _ if !csr_writes(i) => {}
        1 => take(b),
        2 => {
            take(b);
            b.binary64(BinaryOp::Or, new, new.into(), old.into());
        }
        _ => b.binary64(BinaryOp::AndNot, new, old.into(), operand),
    }
    b.mov(regs::x(i.rd()), old.into());
    if csr_writes(i) {
        b.mov(old, new.into());
    }
}
