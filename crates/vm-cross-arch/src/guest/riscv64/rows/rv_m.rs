//! "M": multiplication and division.

use super::super::{Row, lift::alu, row::insn};
use crate::ir::{BinaryOp::*, Width::*};

/// "M".
pub static ROWS: &[Row] = &[
    insn!(
        "0000001 rs2:5 rs1:5 000 rd:5 0110011",
        "mul",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, Mul, W64)
    ),
    insn!(
        "0000001 rs2:5 rs1:5 001 rd:5 0110011",
        "mulh",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, MulHighS, W64)
    ),
    insn!(
        "0000001 rs2:5 rs1:5 010 rd:5 0110011",
        "mulhsu",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, MulHighSU, W64)
    ),
    insn!(
        "0000001 rs2:5 rs1:5 011 rd:5 0110011",
        "mulhu",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, MulHighU, W64)
    ),
    insn!(
        "0000001 rs2:5 rs1:5 100 rd:5 0110011",
        "div",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, DivS, W64)
    ),
    insn!(
        "0000001 rs2:5 rs1:5 101 rd:5 0110011",
        "divu",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, DivU, W64)
    ),
    insn!(
        "0000001 rs2:5 rs1:5 110 rd:5 0110011",
        "rem",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, RemS, W64)
    ),
    insn!(
        "0000001 rs2:5 rs1:5 111 rd:5 0110011",
        "remu",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, RemU, W64)
    ),
    insn!(
        "0000001 rs2:5 rs1:5 000 rd:5 0111011",
        "mulw",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, Mul, W32S)
    ),
    insn!(
        "0000001 rs2:5 rs1:5 100 rd:5 0111011",
        "divw",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, DivS, W32S)
    ),
    insn!(
        "0000001 rs2:5 rs1:5 101 rd:5 0111011",
        "divuw",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, DivU, W32S)
    ),
    insn!(
        "0000001 rs2:5 rs1:5 110 rd:5 0111011",
        "remw",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, RemS, W32S)
    ),
    insn!(
        "0000001 rs2:5 rs1:5 111 rd:5 0111011",
        "remuw",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, RemU, W32S)
    ),
];
