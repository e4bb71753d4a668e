//! Integer computation.

use super::super::{
    Builder, Insn,
    builder::{ZERO, x},
    regs,
};
use crate::ir::{BinaryOp, Cond, Operand, UnaryOp, Width};

/// `rd = rs1 op rs2`.
pub fn register(b: &mut Builder, i: Insn, op: BinaryOp, width: Width) {
    b.binary(op, width, regs::x(i.rd()), x(i.rs1()), x(i.rs2()));
}

/// `rd = rs1 op imm`.
pub fn immediate(b: &mut Builder, i: Insn, op: BinaryOp, width: Width) {
    let imm = Operand::Imm(i.imm_i().into());
    b.binary(op, width, regs::x(i.rd()), x(i.rs1()), imm);
}

/// `rd = rs1 op shamt`, on 64 bits.
pub fn shift64(b: &mut Builder, i: Insn, op: BinaryOp) {
    let shamt = Operand::Imm(i.shamt6().into());
    b.binary64(op, regs::x(i.rd()), x(i.rs1()), shamt);
}

/// `rd = rs1 op shamt`, on 32 bits.
pub fn shift32(b: &mut Builder, i: Insn, op: BinaryOp) {
    let shamt = Operand::Imm(i.shamt5().into());
    b.binary(op, Width::W32S, regs::x(i.rd()), x(i.rs1()), shamt);
}

/// `rd = op rs1`.
pub fn unary(b: &mut Builder, i: Insn, op: UnaryOp) {
    b.unary(op, regs::x(i.rd()), x(i.rs1()));
}

/// `rd = rs1 < rs2`.
pub fn compare(b: &mut Builder, i: Insn, cond: Cond) {
    b.set_if(cond, regs::x(i.rd()), x(i.rs1()), x(i.rs2()));
}

/// `rd = rs1 < imm`.
pub fn compare_immediate(b: &mut Builder, i: Insn, cond: Cond) {
    let imm = Operand::Imm(i.imm_i().into());
    b.set_if(cond, regs::x(i.rd()), x(i.rs1()), imm);
}

/// `LUI`.
pub fn load_upper(b: &mut Builder, i: Insn) {
    b.mov(regs::x(i.rd()), Operand::Imm(i.imm_u().into()));
}

/// `AUIPC`.
pub fn add_upper_to_pc(b: &mut Builder, i: Insn) {
    b.pc_relative(regs::x(i.rd()), i.imm_u());
}

/// `rd = zero-extended rs1 op rs2`, of the `.uw` instructions.
pub fn unsigned_word(b: &mut Builder, i: Insn, op: BinaryOp) {
    with_unsigned_word(b, i, op, x(i.rs2()));
}

/// `SLLI.UW`.
pub fn unsigned_word_shift(b: &mut Builder, i: Insn) {
    with_unsigned_word(b, i, BinaryOp::Shl, Operand::Imm(i.shamt6().into()));
}

fn with_unsigned_word(b: &mut Builder, i: Insn, op: BinaryOp, rhs: Operand) {
    let word = b.temp();
    b.unary(UnaryOp::ZeroExtend32, word, x(i.rs1()));
    b.binary64(op, regs::x(i.rd()), word.into(), rhs);
}

/// `rd = rs1 op (1 << rs2)`, of the single-bit instructions.
pub fn single_bit(b: &mut Builder, i: Insn, op: BinaryOp) {
    let bit = b.temp();
    b.binary64(BinaryOp::Shl, bit, Operand::Imm(1), x(i.rs2()));
    b.binary64(op, regs::x(i.rd()), x(i.rs1()), bit.into());
}

/// `rd = rs1 op (1 << shamt)`.
pub fn single_bit_immediate(b: &mut Builder, i: Insn, op: BinaryOp) {
    let bit = Operand::Imm(1 << i.shamt6());
    b.binary64(op, regs::x(i.rd()), x(i.rs1()), bit);
}

/// `BEXT`.
pub fn extract_bit(b: &mut Builder, i: Insn) {
    extract(b, i, x(i.rs2()));
}

/// `BEXTI`.
pub fn extract_bit_immediate(b: &mut Builder, i: Insn) {
    extract(b, i, Operand::Imm(i.shamt6().into()));
}

/// `rd = (rs1 >> position) & 1`.
fn extract(b: &mut Builder, i: Insn, position: Operand) {
    let shifted = b.temp();
    b.binary64(BinaryOp::Shr, shifted, x(i.rs1()), position);
    b.binary64(
        BinaryOp::And,
        regs::x(i.rd()),
        shifted.into(),
        Operand::Imm(1),
    );
}

/// `rd = 0` if `rs2` is zero (`if_zero`) or is not, else `rs1`.
pub fn conditional_zero(b: &mut Builder, i: Insn, if_zero: bool) {
    let (set, clear) = if if_zero {
        (x(i.rs1()), ZERO)
    } else {
        (ZERO, x(i.rs1()))
    };
    b.select(regs::x(i.rd()), x(i.rs2()), set, clear);
}
