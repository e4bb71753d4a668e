//! Zbb: basic bit manipulation.

use super::super::{lift::alu, row::instructions};
use crate::ir::{BinaryOp::*, UnaryOp::*, Width::*};

instructions! {
    /// Zbb.
    ROWS
    "0100000 rs2:5 rs1:5 111 rd:5 0110011"    "andn"   "rd,rs1,rs2"    alu::register(AndNot, W64);
    "0100000 rs2:5 rs1:5 110 rd:5 0110011"    "orn"    "rd,rs1,rs2"    alu::register(OrNot, W64);
    "0100000 rs2:5 rs1:5 100 rd:5 0110011"    "xnor"   "rd,rs1,rs2"    alu::register(XorNot, W64);
    "0110000 00000 rs1:5 001 rd:5 0010011"    "clz"    "rd,rs1"        alu::unary(CountLeadingZeros64);
    "0110000 00000 rs1:5 001 rd:5 0011011"    "clzw"   "rd,rs1"        alu::unary(CountLeadingZeros32);
    "0110000 00001 rs1:5 001 rd:5 0010011"    "ctz"    "rd,rs1"        alu::unary(CountTrailingZeros64);
    "0110000 00001 rs1:5 001 rd:5 0011011"    "ctzw"   "rd,rs1"        alu::unary(CountTrailingZeros32);
    "0110000 00010 rs1:5 001 rd:5 0010011"    "cpop"   "rd,rs1"        alu::unary(PopCount64);
    "0110000 00010 rs1:5 001 rd:5 0011011"    "cpopw"  "rd,rs1"        alu::unary(PopCount32);
    "0000101 rs2:5 rs1:5 110 rd:5 0110011"    "max"    "rd,rs1,rs2"    alu::register(MaxS, W64);
    "0000101 rs2:5 rs1:5 111 rd:5 0110011"    "maxu"   "rd,rs1,rs2"    alu::register(MaxU, W64);
    "0000101 rs2:5 rs1:5 100 rd:5 0110011"    "min"    "rd,rs1,rs2"    alu::register(MinS, W64);
    "0000101 rs2:5 rs1:5 101 rd:5 0110011"    "minu"   "rd,rs1,rs2"    alu::register(MinU, W64);
    "0110000 00100 rs1:5 001 rd:5 0010011"    "sext.b" "rd,rs1"        alu::unary(SignExtend8);
    "0110000 00101 rs1:5 001 rd:5 0010011"    "sext.h" "rd,rs1"        alu::unary(SignExtend16);
    "0000100 00000 rs1:5 100 rd:5 0111011"    "zext.h" "rd,rs1"        alu::unary(ZeroExtend16);
    "0110000 rs2:5 rs1:5 001 rd:5 0110011"    "rol"    "rd,rs1,rs2"    alu::register(Rol, W64);
    "0110000 rs2:5 rs1:5 001 rd:5 0111011"    "rolw"   "rd,rs1,rs2"    alu::register(Rol, W32S);
    "0110000 rs2:5 rs1:5 101 rd:5 0110011"    "ror"    "rd,rs1,rs2"    alu::register(Ror, W64);
    "011000 shamt6:6 rs1:5 101 rd:5 0010011"  "rori"   "rd,rs1,shamt6" alu::shift64(Ror);
    "0110000 shamt5:5 rs1:5 101 rd:5 0011011" "roriw"  "rd,rs1,shamt5" alu::shift32(Ror);
    "0110000 rs2:5 rs1:5 101 rd:5 0111011"    "rorw"   "rd,rs1,rs2"    alu::register(Ror, W32S);
    "0010100 00111 rs1:5 101 rd:5 0010011"    "orc.b"  "rd,rs1"        alu::unary(OrCombineBytes);
    "0110101 11000 rs1:5 101 rd:5 0010011"    "rev8"   "rd,rs1"        alu::unary(ByteSwap64);
}
