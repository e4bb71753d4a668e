//! Zbs: single-bit instructions.

use super::super::{Row, builder::x, lift::alu, row::insn};
use crate::ir::{BinaryOp::*, Operand};

/// Zbs.
pub static ROWS: &[Row] = &[
    insn!(
        "0100100 rs2:5 rs1:5 001 rd:5 0110011",
        "bclr",
        "rd,rs1,rs2",
        |b, i| alu::single_bit(b, i, AndNot)
    ),
    insn!(
        "010010 shamt6:6 rs1:5 001 rd:5 0010011",
        "bclri",
        "rd,rs1,shamt6",
        |b, i| alu::single_bit_immediate(b, i, AndNot)
    ),
    insn!(
        "0110100 rs2:5 rs1:5 001 rd:5 0110011",
        "binv",
        "rd,rs1,rs2",
        |b, i| alu::single_bit(b, i, Xor)
    ),
    insn!(
        "011010 shamt6:6 rs1:5 001 rd:5 0010011",
        "binvi",
        "rd,rs1,shamt6",
        |b, i| alu::single_bit_immediate(b, i, Xor)
    ),
    insn!(
        "0010100 rs2:5 rs1:5 001 rd:5 0110011",
        "bset",
        "rd,rs1,rs2",
        |b, i| alu::single_bit(b, i, Or)
    ),
    insn!(
        "001010 shamt6:6 rs1:5 001 rd:5 0010011",
        "bseti",
        "rd,rs1,shamt6",
        |b, i| alu::single_bit_immediate(b, i, Or)
    ),
    insn!(
        "0100100 rs2:5 rs1:5 101 rd:5 0110011",
        "bext",
        "rd,rs1,rs2",
        |b, i| alu::extract_bit(b, i, x(i.rs2()))
    ),
    insn!(
        "010010 shamt6:6 rs1:5 101 rd:5 0010011",
        "bexti",
        "rd,rs1,shamt6",
        |b, i| alu::extract_bit(b, i, Operand::Imm(i.shamt6().into()))
    ),
];
