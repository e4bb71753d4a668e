//! "F": single-precision floating point.

use vm_core::AccessSize::Word;

use super::super::{
    Row,
    lift::{
        float::{self, Sign::*, SignSource::*},
        memory,
    },
    row::insn,
};
use crate::ir::{FpBinaryOp::*, FpCompareOp::*, FpFormat::F32, IntFormat::*};

/// "F".
pub static ROWS: &[Row] = &[
    // Loads and stores.
    insn!(
        "imm_i:12 rs1:5 010 rd:5 0000111",
        "flw",
        "fd,imm_i(rs1)",
        |b, i| memory::load_fp(b, i.rd(), i.rs1(), i.imm_i(), Word)
    ),
    insn!(
        "imm_s_hi:7 rs2:5 rs1:5 010 imm_s_lo:5 0100111",
        "fsw",
        "fs2,imm_s(rs1)",
        |b, i| memory::store_fp(b, i.rs2(), i.rs1(), i.imm_s(), Word)
    ),
    // Computation.
    insn!(
        "rs3:5 00 rs2:5 rs1:5 rm:3 rd:5 1000011",
        "fmadd.s",
        "fd,fs1,fs2,fs3",
        |b, i| float::multiply_add(b, i, F32, Plus, Plus)
    ),
    insn!(
        "rs3:5 00 rs2:5 rs1:5 rm:3 rd:5 1000111",
        "fmsub.s",
        "fd,fs1,fs2,fs3",
        |b, i| float::multiply_add(b, i, F32, Plus, Minus)
    ),
    insn!(
        "rs3:5 00 rs2:5 rs1:5 rm:3 rd:5 1001011",
        "fnmsub.s",
        "fd,fs1,fs2,fs3",
        |b, i| float::multiply_add(b, i, F32, Minus, Plus)
    ),
    insn!(
        "rs3:5 00 rs2:5 rs1:5 rm:3 rd:5 1001111",
        "fnmadd.s",
        "fd,fs1,fs2,fs3",
        |b, i| float::multiply_add(b, i, F32, Minus, Minus)
    ),
    insn!(
        "00000 00 rs2:5 rs1:5 rm:3 rd:5 1010011",
        "fadd.s",
        "fd,fs1,fs2",
        |b, i| float::binary(b, i, Add, F32)
    ),
    insn!(
        "00001 00 rs2:5 rs1:5 rm:3 rd:5 1010011",
        "fsub.s",
        "fd,fs1,fs2",
        |b, i| float::binary(b, i, Sub, F32)
    ),
    insn!(
        "00010 00 rs2:5 rs1:5 rm:3 rd:5 1010011",
        "fmul.s",
        "fd,fs1,fs2",
        |b, i| float::binary(b, i, Mul, F32)
    ),
    insn!(
        "00011 00 rs2:5 rs1:5 rm:3 rd:5 1010011",
        "fdiv.s",
        "fd,fs1,fs2",
        |b, i| float::binary(b, i, Div, F32)
    ),
    insn!(
        "01011 00 00000 rs1:5 rm:3 rd:5 1010011",
        "fsqrt.s",
        "fd,fs1",
        |b, i| float::square_root(b, i, F32)
    ),
    insn!(
        "00100 00 rs2:5 rs1:5 000 rd:5 1010011",
        "fsgnj.s",
        "fd,fs1,fs2",
        |b, i| float::sign_inject(b, i, F32, Second)
    ),
    insn!(
        "00100 00 rs2:5 rs1:5 001 rd:5 1010011",
        "fsgnjn.s",
        "fd,fs1,fs2",
        |b, i| float::sign_inject(b, i, F32, Opposite)
    ),
    insn!(
        "00100 00 rs2:5 rs1:5 010 rd:5 1010011",
        "fsgnjx.s",
        "fd,fs1,fs2",
        |b, i| float::sign_inject(b, i, F32, Xor)
    ),
    insn!(
        "00101 00 rs2:5 rs1:5 000 rd:5 1010011",
        "fmin.s",
        "fd,fs1,fs2",
        |b, i| float::min_max(b, i, Min, F32)
    ),
    insn!(
        "00101 00 rs2:5 rs1:5 001 rd:5 1010011",
        "fmax.s",
        "fd,fs1,fs2",
        |b, i| float::min_max(b, i, Max, F32)
    ),
    insn!(
        "10100 00 rs2:5 rs1:5 010 rd:5 1010011",
        "feq.s",
        "rd,fs1,fs2",
        |b, i| float::compare(b, i, EqQuiet, F32)
    ),
    insn!(
        "10100 00 rs2:5 rs1:5 001 rd:5 1010011",
        "flt.s",
        "rd,fs1,fs2",
        |b, i| float::compare(b, i, LtSignaling, F32)
    ),
    insn!(
        "10100 00 rs2:5 rs1:5 000 rd:5 1010011",
        "fle.s",
        "rd,fs1,fs2",
        |b, i| float::compare(b, i, LeSignaling, F32)
    ),
    insn!(
        "11100 00 00000 rs1:5 001 rd:5 1010011",
        "fclass.s",
        "rd,fs1",
        |b, i| float::classify(b, i, F32)
    ),
    // Conversions and moves.
    insn!(
        "11000 00 00000 rs1:5 rm:3 rd:5 1010011",
        "fcvt.w.s",
        "rd,fs1",
        |b, i| float::to_integer(b, i, F32, I32)
    ),
    insn!(
        "11010 00 00000 rs1:5 rm:3 rd:5 1010011",
        "fcvt.s.w",
        "fd,rs1",
        |b, i| float::from_integer(b, i, I32, F32)
    ),
    insn!(
        "11000 00 00001 rs1:5 rm:3 rd:5 1010011",
        "fcvt.wu.s",
        "rd,fs1",
        |b, i| float::to_integer(b, i, F32, U32)
    ),
    insn!(
        "11010 00 00001 rs1:5 rm:3 rd:5 1010011",
        "fcvt.s.wu",
        "fd,rs1",
        |b, i| float::from_integer(b, i, U32, F32)
    ),
    insn!(
        "11000 00 00010 rs1:5 rm:3 rd:5 1010011",
        "fcvt.l.s",
        "rd,fs1",
        |b, i| float::to_integer(b, i, F32, I64)
    ),
    insn!(
        "11010 00 00010 rs1:5 rm:3 rd:5 1010011",
        "fcvt.s.l",
        "fd,rs1",
        |b, i| float::from_integer(b, i, I64, F32)
    ),
    insn!(
        "11000 00 00011 rs1:5 rm:3 rd:5 1010011",
        "fcvt.lu.s",
        "rd,fs1",
        |b, i| float::to_integer(b, i, F32, U64)
    ),
    insn!(
        "11010 00 00011 rs1:5 rm:3 rd:5 1010011",
        "fcvt.s.lu",
        "fd,rs1",
        |b, i| float::from_integer(b, i, U64, F32)
    ),
    insn!(
        "11100 00 00000 rs1:5 000 rd:5 1010011",
        "fmv.x.w",
        "rd,fs1",
        |b, i| float::move_to_integer(b, i, F32)
    ),
    insn!(
        "11110 00 00000 rs1:5 000 rd:5 1010011",
        "fmv.w.x",
        "fd,rs1",
        |b, i| float::move_from_integer(b, i, F32)
    ),
];
