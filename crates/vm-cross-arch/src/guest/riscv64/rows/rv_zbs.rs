//! Zbs: single-bit instructions.

use super::super::{lift::alu, row::instructions};
use crate::ir::BinaryOp::*;

instructions! {
    /// Zbs.
    ROWS
    "0100100 rs2:5 rs1:5 001 rd:5 0110011"   "bclr"  "rd,rs1,rs2"    alu::single_bit(AndNot);
    "010010 shamt6:6 rs1:5 001 rd:5 0010011" "bclri" "rd,rs1,shamt6" alu::single_bit_immediate(AndNot);
    "0110100 rs2:5 rs1:5 001 rd:5 0110011"   "binv"  "rd,rs1,rs2"    alu::single_bit(Xor);
    "011010 shamt6:6 rs1:5 001 rd:5 0010011" "binvi" "rd,rs1,shamt6" alu::single_bit_immediate(Xor);
    "0010100 rs2:5 rs1:5 001 rd:5 0110011"   "bset"  "rd,rs1,rs2"    alu::single_bit(Or);
    "001010 shamt6:6 rs1:5 001 rd:5 0010011" "bseti" "rd,rs1,shamt6" alu::single_bit_immediate(Or);
    "0100100 rs2:5 rs1:5 101 rd:5 0110011"   "bext"  "rd,rs1,rs2"    alu::extract_bit();
    "010010 shamt6:6 rs1:5 101 rd:5 0010011" "bexti" "rd,rs1,shamt6" alu::extract_bit_immediate();
}
