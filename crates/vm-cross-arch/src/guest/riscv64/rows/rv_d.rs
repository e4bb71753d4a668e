//! "D": double-precision floating point.

use vm_core::AccessSize::Double;

use super::super::{
    lift::{
        float::{self, Sign::*, SignSource::*},
        load_store,
    },
    row::instructions,
};
use crate::ir::{
    FpBinaryOp::*,
    FpCompareOp::*,
    FpFormat::{F32, F64},
    IntFormat::*,
};

instructions! {
    /// "D".
    ROWS
    // Loads and stores.
    "imm_i:12 rs1:5 011 rd:5 0000111"               "fld"       "fd,imm_i(rs1)"     load_store::load_fp(Double);
    "imm_s_hi:7 rs2:5 rs1:5 011 imm_s_lo:5 0100111" "fsd"       "fs2,imm_s(rs1)"    load_store::store_fp(Double);
    // Computation.
    "rs3:5 01 rs2:5 rs1:5 rm:3 rd:5 1000011"        "fmadd.d"   "fd,fs1,fs2,fs3,rm" float::multiply_add(F64, Plus, Plus);
    "rs3:5 01 rs2:5 rs1:5 rm:3 rd:5 1000111"        "fmsub.d"   "fd,fs1,fs2,fs3,rm" float::multiply_add(F64, Plus, Minus);
    "rs3:5 01 rs2:5 rs1:5 rm:3 rd:5 1001011"        "fnmsub.d"  "fd,fs1,fs2,fs3,rm" float::multiply_add(F64, Minus, Plus);
    "rs3:5 01 rs2:5 rs1:5 rm:3 rd:5 1001111"        "fnmadd.d"  "fd,fs1,fs2,fs3,rm" float::multiply_add(F64, Minus, Minus);
    "00000 01 rs2:5 rs1:5 rm:3 rd:5 1010011"        "fadd.d"    "fd,fs1,fs2,rm"     float::binary(Add, F64);
    "00001 01 rs2:5 rs1:5 rm:3 rd:5 1010011"        "fsub.d"    "fd,fs1,fs2,rm"     float::binary(Sub, F64);
    "00010 01 rs2:5 rs1:5 rm:3 rd:5 1010011"        "fmul.d"    "fd,fs1,fs2,rm"     float::binary(Mul, F64);
    "00011 01 rs2:5 rs1:5 rm:3 rd:5 1010011"        "fdiv.d"    "fd,fs1,fs2,rm"     float::binary(Div, F64);
    "01011 01 00000 rs1:5 rm:3 rd:5 1010011"        "fsqrt.d"   "fd,fs1,rm"         float::square_root(F64);
    "00100 01 rs2:5 rs1:5 000 rd:5 1010011"         "fsgnj.d"   "fd,fs1,fs2"        float::sign_inject(F64, Second);
    "00100 01 rs2:5 rs1:5 001 rd:5 1010011"         "fsgnjn.d"  "fd,fs1,fs2"        float::sign_inject(F64, Opposite);
    "00100 01 rs2:5 rs1:5 010 rd:5 1010011"         "fsgnjx.d"  "fd,fs1,fs2"        float::sign_inject(F64, Xor);
    "00101 01 rs2:5 rs1:5 000 rd:5 1010011"         "fmin.d"    "fd,fs1,fs2"        float::min_max(Min, F64);
    "00101 01 rs2:5 rs1:5 001 rd:5 1010011"         "fmax.d"    "fd,fs1,fs2"        float::min_max(Max, F64);
    "10100 01 rs2:5 rs1:5 010 rd:5 1010011"         "feq.d"     "rd,fs1,fs2"        float::compare(EqQuiet, F64);
    "10100 01 rs2:5 rs1:5 001 rd:5 1010011"         "flt.d"     "rd,fs1,fs2"        float::compare(LtSignaling, F64);
    "10100 01 rs2:5 rs1:5 000 rd:5 1010011"         "fle.d"     "rd,fs1,fs2"        float::compare(LeSignaling, F64);
    "11100 01 00000 rs1:5 001 rd:5 1010011"         "fclass.d"  "rd,fs1"            float::classify(F64);
    // Conversions and moves. The assembler writes no rounding mode where the result is
    // exact, but the reserved ones are illegal there, too.
    "11000 01 00000 rs1:5 rm:3 rd:5 1010011"        "fcvt.w.d"  "rd,fs1,rm"         float::to_integer(F64, I32);
    "11010 01 00000 rs1:5 rm:3 rd:5 1010011"        "fcvt.d.w"  "fd,rs1"            float::from_integer(I32, F64);
    "11000 01 00001 rs1:5 rm:3 rd:5 1010011"        "fcvt.wu.d" "rd,fs1,rm"         float::to_integer(F64, U32);
    "11010 01 00001 rs1:5 rm:3 rd:5 1010011"        "fcvt.d.wu" "fd,rs1"            float::from_integer(U32, F64);
    "11000 01 00010 rs1:5 rm:3 rd:5 1010011"        "fcvt.l.d"  "rd,fs1,rm"         float::to_integer(F64, I64);
    "11010 01 00010 rs1:5 rm:3 rd:5 1010011"        "fcvt.d.l"  "fd,rs1,rm"         float::from_integer(I64, F64);
    "11000 01 00011 rs1:5 rm:3 rd:5 1010011"        "fcvt.lu.d" "rd,fs1,rm"         float::to_integer(F64, U64);
    "11010 01 00011 rs1:5 rm:3 rd:5 1010011"        "fcvt.d.lu" "fd,rs1,rm"         float::from_integer(U64, F64);
    "01000 00 00001 rs1:5 rm:3 rd:5 1010011"        "fcvt.s.d"  "fd,fs1,rm"         float::convert(F64, F32);
    "01000 01 00000 rs1:5 rm:3 rd:5 1010011"        "fcvt.d.s"  "fd,fs1"            float::convert(F32, F64);
    "11100 01 00000 rs1:5 000 rd:5 1010011"         "fmv.x.d"   "rd,fs1"            float::move_to_integer(F64);
    "11110 01 00000 rs1:5 000 rd:5 1010011"         "fmv.d.x"   "fd,rs1"            float::move_from_integer(F64);
}
