//! Zbc: carry-less multiplication.

use super::super::{lift::alu, row::instructions};
use crate::ir::{BinaryOp::*, Width::*};

instructions! {
    /// Zbc.
    ROWS
    "0000101 rs2:5 rs1:5 001 rd:5 0110011" "clmul"  "rd,rs1,rs2" alu::register(ClMul, W64);
    "0000101 rs2:5 rs1:5 010 rd:5 0110011" "clmulr" "rd,rs1,rs2" alu::register(ClMulRev, W64);
    "0000101 rs2:5 rs1:5 011 rd:5 0110011" "clmulh" "rd,rs1,rs2" alu::register(ClMulHigh, W64);
}
