//! "M": multiplication and division.

use super::super::{lift::alu, row::instructions};
use crate::ir::{BinaryOp::*, Width::*};

instructions! {
    /// "M".
    ROWS
    "0000001 rs2:5 rs1:5 000 rd:5 0110011" "mul"    "rd,rs1,rs2" alu::register(Mul, W64);
    "0000001 rs2:5 rs1:5 001 rd:5 0110011" "mulh"   "rd,rs1,rs2" alu::register(MulHighS, W64);
    "0000001 rs2:5 rs1:5 010 rd:5 0110011" "mulhsu" "rd,rs1,rs2" alu::register(MulHighSU, W64);
    "0000001 rs2:5 rs1:5 011 rd:5 0110011" "mulhu"  "rd,rs1,rs2" alu::register(MulHighU, W64);
    "0000001 rs2:5 rs1:5 100 rd:5 0110011" "div"    "rd,rs1,rs2" alu::register(DivS, W64);
    "0000001 rs2:5 rs1:5 101 rd:5 0110011" "divu"   "rd,rs1,rs2" alu::register(DivU, W64);
    "0000001 rs2:5 rs1:5 110 rd:5 0110011" "rem"    "rd,rs1,rs2" alu::register(RemS, W64);
    "0000001 rs2:5 rs1:5 111 rd:5 0110011" "remu"   "rd,rs1,rs2" alu::register(RemU, W64);
    "0000001 rs2:5 rs1:5 000 rd:5 0111011" "mulw"   "rd,rs1,rs2" alu::register(Mul, W32S);
    "0000001 rs2:5 rs1:5 100 rd:5 0111011" "divw"   "rd,rs1,rs2" alu::register(DivS, W32S);
    "0000001 rs2:5 rs1:5 101 rd:5 0111011" "divuw"  "rd,rs1,rs2" alu::register(DivU, W32S);
    "0000001 rs2:5 rs1:5 110 rd:5 0111011" "remw"   "rd,rs1,rs2" alu::register(RemS, W32S);
    "0000001 rs2:5 rs1:5 111 rd:5 0111011" "remuw"  "rd,rs1,rs2" alu::register(RemU, W32S);
}
