//! "C": the same operations, with the registers and immediates of 16-bit formats.

use vm_core::AccessSize;

use super::{
    super::{
        Builder, Insn,
        builder::{ZERO, x},
        regs,
    },
    control, load_store,
};
use crate::ir::{BinaryOp, Cond, Extend, Operand, Slot, Width};

const SP: Slot = regs::x(2);

/// `rd = memory[sp + offset]`.
pub fn load_sp(b: &mut Builder, i: Insn, offset: fn(Insn) -> i32, size: AccessSize) {
    b.load(regs::x(i.rd()), SP.into(), offset(i), size, Extend::Sign);
}

/// `memory[sp + offset] = rs2`.
pub fn store_sp(b: &mut Builder, i: Insn, offset: fn(Insn) -> i32, size: AccessSize) {
    b.store(x(i.c_rs2()), SP.into(), offset(i), size);
}

/// `rd' = memory[rs1' + offset]`.
pub fn load(b: &mut Builder, i: Insn, offset: fn(Insn) -> i32, size: AccessSize) {
    let dst = regs::x(i.rd_p());
    b.load(dst, x(i.rs1_p()), offset(i), size, Extend::Sign);
}

/// `memory[rs1' + offset] = rs2'`.
pub fn store(b: &mut Builder, i: Insn, offset: fn(Insn) -> i32, size: AccessSize) {
    b.store(x(i.rs2_p()), x(i.rs1_p()), offset(i), size);
}

/// `C.FLDSP`.
pub fn load_fp_sp(b: &mut Builder, i: Insn) {
    load_store::load_fp_from(b, i.rd(), SP.into(), i.imm_c_ldsp(), AccessSize::Double);
}

/// `C.FSDSP`.
pub fn store_fp_sp(b: &mut Builder, i: Insn) {
    let src = regs::f(i.c_rs2()).into();
    b.store(src, SP.into(), i.imm_c_sdsp(), AccessSize::Double);
}

/// `C.FLD`.
pub fn load_fp(b: &mut Builder, i: Insn) {
    let (base, offset) = (x(i.rs1_p()), i.imm_c_double());
    load_store::load_fp_from(b, i.rd_p(), base, offset, AccessSize::Double);
}

/// `C.FSD`.
pub fn store_fp(b: &mut Builder, i: Insn) {
    let (src, base) = (regs::f(i.rs2_p()).into(), x(i.rs1_p()));
    b.store(src, base, i.imm_c_double(), AccessSize::Double);
}

/// `C.J`.
pub fn jump(b: &mut Builder, i: Insn) {
    control::jump(b, 0, i.imm_c_j());
}

/// `C.JR` and `C.JALR`, by the link register.
pub fn jump_register(b: &mut Builder, i: Insn, link: u8) {
    control::jump_register(b, link, i.rd(), 0);
}

/// `C.BEQZ` and `C.BNEZ`.
pub fn branch(b: &mut Builder, i: Insn, cond: Cond) {
    b.branch(cond, x(i.rs1_p()), ZERO, i.imm_c_b());
}

/// `rd = imm`.
pub fn load_immediate(b: &mut Builder, i: Insn, imm: fn(Insn) -> i32) {
    b.mov(regs::x(i.rd()), Operand::Imm(imm(i).into()));
}

/// `C.ADDI16SP`.
pub fn adjust_sp(b: &mut Builder, i: Insn) {
    let imm = Operand::Imm(i.imm_c_addi16sp().into());
    b.binary64(BinaryOp::Add, SP, SP.into(), imm);
}

/// `C.ADDI4SPN`.
pub fn add_to_sp(b: &mut Builder, i: Insn) {
    let imm = Operand::Imm(i.imm_c_addi4spn().into());
    b.binary64(BinaryOp::Add, regs::x(i.rd_p()), SP.into(), imm);
}

/// `rd = rd op imm`.
pub fn immediate(b: &mut Builder, i: Insn, op: BinaryOp, width: Width) {
    let imm = Operand::Imm(i.imm_ci().into());
    b.binary(op, width, regs::x(i.rd()), x(i.rd()), imm);
}

/// `C.SLLI`.
pub fn shift_left(b: &mut Builder, i: Insn) {
    let shamt = Operand::Imm(i.shamt_c().into());
    b.binary64(BinaryOp::Shl, regs::x(i.rd()), x(i.rd()), shamt);
}

/// `rd' = rd' op shamt`.
pub fn shift_right(b: &mut Builder, i: Insn, op: BinaryOp) {
    let shamt = Operand::Imm(i.shamt_c().into());
    b.binary64(op, regs::x(i.rs1_p()), x(i.rs1_p()), shamt);
}

/// `C.ANDI`.
pub fn and_immediate(b: &mut Builder, i: Insn) {
    let imm = Operand::Imm(i.imm_ci().into());
    b.binary64(BinaryOp::And, regs::x(i.rs1_p()), x(i.rs1_p()), imm);
}

/// `C.MV`.
pub fn copy(b: &mut Builder, i: Insn) {
    b.mov(regs::x(i.rd()), x(i.c_rs2()));
}

/// `C.ADD`.
pub fn add(b: &mut Builder, i: Insn) {
    b.binary64(BinaryOp::Add, regs::x(i.rd()), x(i.rd()), x(i.c_rs2()));
}

/// `rd' = rd' op rs2'`.
pub fn register(b: &mut Builder, i: Insn, op: BinaryOp, width: Width) {
    b.binary(op, width, regs::x(i.rs1_p()), x(i.rs1_p()), x(i.rs2_p()));
}
