//! Zba: address generation.

use super::super::{Row, builder::x, lift::alu, row::insn};
use crate::ir::{BinaryOp::*, Operand, Width::*};

/// Zba.
pub static ROWS: &[Row] = &[
    insn!(
        "0010000 rs2:5 rs1:5 010 rd:5 0110011",
        "sh1add",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, Sh1Add, W64)
    ),
    insn!(
        "0010000 rs2:5 rs1:5 100 rd:5 0110011",
        "sh2add",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, Sh2Add, W64)
    ),
    insn!(
        "0010000 rs2:5 rs1:5 110 rd:5 0110011",
        "sh3add",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, Sh3Add, W64)
    ),
    insn!(
        "0000100 rs2:5 rs1:5 000 rd:5 0111011",
        "add.uw",
        "rd,rs1,rs2",
        |b, i| alu::unsigned_word(b, i, Add, x(i.rs2()))
    ),
    insn!(
        "0010000 rs2:5 rs1:5 010 rd:5 0111011",
        "sh1add.uw",
        "rd,rs1,rs2",
        |b, i| alu::unsigned_word(b, i, Sh1Add, x(i.rs2()))
    ),
    insn!(
        "0010000 rs2:5 rs1:5 100 rd:5 0111011",
        "sh2add.uw",
        "rd,rs1,rs2",
        |b, i| alu::unsigned_word(b, i, Sh2Add, x(i.rs2()))
    ),
    insn!(
        "0010000 rs2:5 rs1:5 110 rd:5 0111011",
        "sh3add.uw",
        "rd,rs1,rs2",
        |b, i| alu::unsigned_word(b, i, Sh3Add, x(i.rs2()))
    ),
    insn!(
        "000010 shamt6:6 rs1:5 001 rd:5 0011011",
        "slli.uw",
        "rd,rs1,shamt6",
        |b, i| alu::unsigned_word(b, i, Shl, Operand::Imm(i.shamt6().into()))
    ),
];
