//! Zba: address generation.

use super::super::{lift::alu, row::instructions};
use crate::ir::{BinaryOp::*, Width::*};

instructions! {
    /// Zba.
    ROWS
    "0010000 rs2:5 rs1:5 010 rd:5 0110011"   "sh1add"    "rd,rs1,rs2"    alu::register(Sh1Add, W64);
    "0010000 rs2:5 rs1:5 100 rd:5 0110011"   "sh2add"    "rd,rs1,rs2"    alu::register(Sh2Add, W64);
    "0010000 rs2:5 rs1:5 110 rd:5 0110011"   "sh3add"    "rd,rs1,rs2"    alu::register(Sh3Add, W64);
    "0000100 rs2:5 rs1:5 000 rd:5 0111011"   "add.uw"    "rd,rs1,rs2"    alu::unsigned_word(Add);
    "0010000 rs2:5 rs1:5 010 rd:5 0111011"   "sh1add.uw" "rd,rs1,rs2"    alu::unsigned_word(Sh1Add);
    "0010000 rs2:5 rs1:5 100 rd:5 0111011"   "sh2add.uw" "rd,rs1,rs2"    alu::unsigned_word(Sh2Add);
    "0010000 rs2:5 rs1:5 110 rd:5 0111011"   "sh3add.uw" "rd,rs1,rs2"    alu::unsigned_word(Sh3Add);
    "000010 shamt6:6 rs1:5 001 rd:5 0011011" "slli.uw"   "rd,rs1,shamt6" alu::unsigned_word_shift();
}
