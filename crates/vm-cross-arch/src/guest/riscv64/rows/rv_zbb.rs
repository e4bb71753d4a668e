//! Zbb: basic bit manipulation.

use super::super::{Row, lift::alu, row::insn};
use crate::ir::{BinaryOp::*, UnaryOp::*, Width::*};

/// Zbb.
pub static ROWS: &[Row] = &[
    insn!(
        "0100000 rs2:5 rs1:5 111 rd:5 0110011",
        "andn",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, AndNot, W64)
    ),
    insn!(
        "0100000 rs2:5 rs1:5 110 rd:5 0110011",
        "orn",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, OrNot, W64)
    ),
    insn!(
        "0100000 rs2:5 rs1:5 100 rd:5 0110011",
        "xnor",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, XorNot, W64)
    ),
    insn!(
        "0110000 00000 rs1:5 001 rd:5 0010011",
        "clz",
        "rd,rs1",
        |b, i| alu::unary(b, i, CountLeadingZeros64)
    ),
    insn!(
        "0110000 00000 rs1:5 001 rd:5 0011011",
        "clzw",
        "rd,rs1",
        |b, i| alu::unary(b, i, CountLeadingZeros32)
    ),
    insn!(
        "0110000 00001 rs1:5 001 rd:5 0010011",
        "ctz",
        "rd,rs1",
        |b, i| alu::unary(b, i, CountTrailingZeros64)
    ),
    insn!(
        "0110000 00001 rs1:5 001 rd:5 0011011",
        "ctzw",
        "rd,rs1",
        |b, i| alu::unary(b, i, CountTrailingZeros32)
    ),
    insn!(
        "0110000 00010 rs1:5 001 rd:5 0010011",
        "cpop",
        "rd,rs1",
        |b, i| alu::unary(b, i, PopCount64)
    ),
    insn!(
        "0110000 00010 rs1:5 001 rd:5 0011011",
        "cpopw",
        "rd,rs1",
        |b, i| alu::unary(b, i, PopCount32)
    ),
    insn!(
        "0000101 rs2:5 rs1:5 110 rd:5 0110011",
        "max",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, MaxS, W64)
    ),
    insn!(
        "0000101 rs2:5 rs1:5 111 rd:5 0110011",
        "maxu",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, MaxU, W64)
    ),
    insn!(
        "0000101 rs2:5 rs1:5 100 rd:5 0110011",
        "min",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, MinS, W64)
    ),
    insn!(
        "0000101 rs2:5 rs1:5 101 rd:5 0110011",
        "minu",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, MinU, W64)
    ),
    insn!(
        "0110000 00100 rs1:5 001 rd:5 0010011",
        "sext.b",
        "rd,rs1",
        |b, i| alu::unary(b, i, SignExtend8)
    ),
    insn!(
        "0110000 00101 rs1:5 001 rd:5 0010011",
        "sext.h",
        "rd,rs1",
        |b, i| alu::unary(b, i, SignExtend16)
    ),
    insn!(
        "0000100 00000 rs1:5 100 rd:5 0111011",
        "zext.h",
        "rd,rs1",
        |b, i| alu::unary(b, i, ZeroExtend16)
    ),
    insn!(
        "0110000 rs2:5 rs1:5 001 rd:5 0110011",
        "rol",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, Rol, W64)
    ),
    insn!(
        "0110000 rs2:5 rs1:5 001 rd:5 0111011",
        "rolw",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, Rol, W32S)
    ),
    insn!(
        "0110000 rs2:5 rs1:5 101 rd:5 0110011",
        "ror",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, Ror, W64)
    ),
    insn!(
        "011000 shamt6:6 rs1:5 101 rd:5 0010011",
        "rori",
        "rd,rs1,shamt6",
        |b, i| alu::shift64(b, i, Ror)
    ),
    insn!(
        "0110000 shamt5:5 rs1:5 101 rd:5 0011011",
        "roriw",
        "rd,rs1,shamt5",
        |b, i| alu::shift32(b, i, Ror)
    ),
    insn!(
        "0110000 rs2:5 rs1:5 101 rd:5 0111011",
        "rorw",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, Ror, W32S)
    ),
    insn!(
        "0010100 00111 rs1:5 101 rd:5 0010011",
        "orc.b",
        "rd,rs1",
        |b, i| alu::unary(b, i, OrCombineBytes)
    ),
    insn!(
        "0110101 11000 rs1:5 101 rd:5 0010011",
        "rev8",
        "rd,rs1",
        |b, i| alu::unary(b, i, ByteSwap64)
    ),
];
