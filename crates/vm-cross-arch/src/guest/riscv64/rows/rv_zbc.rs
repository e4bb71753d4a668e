//! Zbc: carry-less multiplication.

use super::super::{Row, lift::alu, row::insn};
use crate::ir::{BinaryOp::*, Width::*};

/// Zbc.
pub static ROWS: &[Row] = &[
    insn!(
        "0000101 rs2:5 rs1:5 001 rd:5 0110011",
        "clmul",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, ClMul, W64)
    ),
    insn!(
        "0000101 rs2:5 rs1:5 010 rd:5 0110011",
        "clmulr",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, ClMulRev, W64)
    ),
    insn!(
        "0000101 rs2:5 rs1:5 011 rd:5 0110011",
        "clmulh",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, ClMulHigh, W64)
    ),
];
