//! Zicond: conditional zero.

use super::super::{Row, lift::alu, row::insn};

/// Zicond.
pub static ROWS: &[Row] = &[
    insn!(
        "0000111 rs2:5 rs1:5 101 rd:5 0110011",
        "czero.eqz",
        "rd,rs1,rs2",
        |b, i| alu::conditional_zero(b, i, true)
    ),
    insn!(
        "0000111 rs2:5 rs1:5 111 rd:5 0110011",
        "czero.nez",
        "rd,rs1,rs2",
        |b, i| alu::conditional_zero(b, i, false)
    ),
];
