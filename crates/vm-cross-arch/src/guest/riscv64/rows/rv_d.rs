//! "D": double-precision floating point.

use vm_core::AccessSize::Double;

use super::super::{
    Row,
    lift::{
        float::{self, Sign::*, SignSource::*},
        memory,
    },
    row::insn,
};
use crate::ir::{
    FpBinaryOp::*,
    FpCompareOp::*,
    FpFormat::{F32, F64},
    IntFormat::*,
};

/// "D".
pub static ROWS: &[Row] = &[
    // Loads and stores.
    insn!(
        "imm_i:12 rs1:5 011 rd:5 0000111",
        "fld",
        "fd,imm_i(rs1)",
        |b, i| memory::load_fp(b, i.rd(), i.rs1(), i.imm_i(), Double)
    ),
    insn!(
        "imm_s_hi:7 rs2:5 rs1:5 011 imm_s_lo:5 0100111",
        "fsd",
        "fs2,imm_s(rs1)",
        |b, i| memory::store_fp(b, i.rs2(), i.rs1(), i.imm_s(), Double)
    ),
    // Computation.
    insn!(
        "rs3:5 01 rs2:5 rs1:5 rm:3 rd:5 1000011",
        "fmadd.d",
        "fd,fs1,fs2,fs3",
        |b, i| float::multiply_add(b, i, F64, Plus, Plus)
    ),
    insn!(
        "rs3:5 01 rs2:5 rs1:5 rm:3 rd:5 1000111",
        "fmsub.d",
        "fd,fs1,fs2,fs3",
        |b, i| float::multiply_add(b, i, F64, Plus, Minus)
    ),
    insn!(
        "rs3:5 01 rs2:5 rs1:5 rm:3 rd:5 1001011",
        "fnmsub.d",
        "fd,fs1,fs2,fs3",
        |b, i| float::multiply_add(b, i, F64, Minus, Plus)
    ),
    insn!(
        "rs3:5 01 rs2:5 rs1:5 rm:3 rd:5 1001111",
        "fnmadd.d",
        "fd,fs1,fs2,fs3",
        |b, i| float::multiply_add(b, i, F64, Minus, Minus)
    ),
    insn!(
        "00000 01 rs2:5 rs1:5 rm:3 rd:5 1010011",
        "fadd.d",
        "fd,fs1,fs2",
        |b, i| float::binary(b, i, Add, F64)
    ),
    insn!(
        "00001 01 rs2:5 rs1:5 rm:3 rd:5 1010011",
        "fsub.d",
        "fd,fs1,fs2",
        |b, i| float::binary(b, i, Sub, F64)
    ),
    insn!(
        "00010 01 rs2:5 rs1:5 rm:3 rd:5 1010011",
        "fmul.d",
        "fd,fs1,fs2",
        |b, i| float::binary(b, i, Mul, F64)
    ),
    insn!(
        "00011 01 rs2:5 rs1:5 rm:3 rd:5 1010011",
        "fdiv.d",
        "fd,fs1,fs2",
        |b, i| float::binary(b, i, Div, F64)
    ),
    insn!(
        "01011 01 00000 rs1:5 rm:3 rd:5 1010011",
        "fsqrt.d",
        "fd,fs1",
        |b, i| float::square_root(b, i, F64)
    ),
    insn!(
        "00100 01 rs2:5 rs1:5 000 rd:5 1010011",
        "fsgnj.d",
        "fd,fs1,fs2",
        |b, i| float::sign_inject(b, i, F64, Second)
    ),
    insn!(
        "00100 01 rs2:5 rs1:5 001 rd:5 1010011",
        "fsgnjn.d",
        "fd,fs1,fs2",
        |b, i| float::sign_inject(b, i, F64, Opposite)
    ),
    insn!(
        "00100 01 rs2:5 rs1:5 010 rd:5 1010011",
        "fsgnjx.d",
        "fd,fs1,fs2",
        |b, i| float::sign_inject(b, i, F64, Xor)
    ),
    insn!(
        "00101 01 rs2:5 rs1:5 000 rd:5 1010011",
        "fmin.d",
        "fd,fs1,fs2",
        |b, i| float::min_max(b, i, Min, F64)
    ),
    insn!(
        "00101 01 rs2:5 rs1:5 001 rd:5 1010011",
        "fmax.d",
        "fd,fs1,fs2",
        |b, i| float::min_max(b, i, Max, F64)
    ),
    insn!(
        "10100 01 rs2:5 rs1:5 010 rd:5 1010011",
        "feq.d",
        "rd,fs1,fs2",
        |b, i| float::compare(b, i, EqQuiet, F64)
    ),
    insn!(
        "10100 01 rs2:5 rs1:5 001 rd:5 1010011",
        "flt.d",
        "rd,fs1,fs2",
        |b, i| float::compare(b, i, LtSignaling, F64)
    ),
    insn!(
        "10100 01 rs2:5 rs1:5 000 rd:5 1010011",
        "fle.d",
        "rd,fs1,fs2",
        |b, i| float::compare(b, i, LeSignaling, F64)
    ),
    insn!(
        "11100 01 00000 rs1:5 001 rd:5 1010011",
        "fclass.d",
        "rd,fs1",
        |b, i| float::classify(b, i, F64)
    ),
    // Conversions and moves.
    insn!(
        "11000 01 00000 rs1:5 rm:3 rd:5 1010011",
        "fcvt.w.d",
        "rd,fs1",
        |b, i| float::to_integer(b, i, F64, I32)
    ),
    insn!(
        "11010 01 00000 rs1:5 rm:3 rd:5 1010011",
        "fcvt.d.w",
        "fd,rs1",
        |b, i| float::from_integer(b, i, I32, F64)
    ),
    insn!(
        "11000 01 00001 rs1:5 rm:3 rd:5 1010011",
        "fcvt.wu.d",
        "rd,fs1",
        |b, i| float::to_integer(b, i, F64, U32)
    ),
    insn!(
        "11010 01 00001 rs1:5 rm:3 rd:5 1010011",
        "fcvt.d.wu",
        "fd,rs1",
        |b, i| float::from_integer(b, i, U32, F64)
    ),
    insn!(
        "11000 01 00010 rs1:5 rm:3 rd:5 1010011",
        "fcvt.l.d",
        "rd,fs1",
        |b, i| float::to_integer(b, i, F64, I64)
    ),
    insn!(
        "11010 01 00010 rs1:5 rm:3 rd:5 1010011",
        "fcvt.d.l",
        "fd,rs1",
        |b, i| float::from_integer(b, i, I64, F64)
    ),
    insn!(
        "11000 01 00011 rs1:5 rm:3 rd:5 1010011",
        "fcvt.lu.d",
        "rd,fs1",
        |b, i| float::to_integer(b, i, F64, U64)
    ),
    insn!(
        "11010 01 00011 rs1:5 rm:3 rd:5 1010011",
        "fcvt.d.lu",
        "fd,rs1",
        |b, i| float::from_integer(b, i, U64, F64)
    ),
    insn!(
        "01000 00 00001 rs1:5 rm:3 rd:5 1010011",
        "fcvt.s.d",
        "fd,fs1",
        |b, i| float::convert(b, i, F64, F32)
    ),
    insn!(
        "01000 01 00000 rs1:5 rm:3 rd:5 1010011",
        "fcvt.d.s",
        "fd,fs1",
        |b, i| float::convert(b, i, F32, F64)
    ),
    insn!(
        "11100 01 00000 rs1:5 000 rd:5 1010011",
        "fmv.x.d",
        "rd,fs1",
        |b, i| float::move_to_integer(b, i, F64)
    ),
    insn!(
        "11110 01 00000 rs1:5 000 rd:5 1010011",
        "fmv.d.x",
        "fd,rs1",
        |b, i| float::move_from_integer(b, i, F64)
    ),
];
