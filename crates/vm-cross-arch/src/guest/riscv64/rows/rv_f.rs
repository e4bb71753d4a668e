//! "F": single-precision floating point.

use vm_core::AccessSize::Word;

use super::super::{
    lift::{
        float::{self, Sign::*, SignSource::*},
        load_store,
    },
    row::instructions,
};
use crate::ir::{FpBinaryOp::*, FpCompareOp::*, FpFormat::F32, IntFormat::*};

instructions! {
    /// "F".
    ROWS
    // Loads and stores.
    "imm_i:12 rs1:5 010 rd:5 0000111"               "flw"       "fd,imm_i(rs1)"     load_store::load_fp(Word);
    "imm_s_hi:7 rs2:5 rs1:5 010 imm_s_lo:5 0100111" "fsw"       "fs2,imm_s(rs1)"    load_store::store_fp(Word);
    // Computation.
    "rs3:5 00 rs2:5 rs1:5 rm:3 rd:5 1000011"        "fmadd.s"   "fd,fs1,fs2,fs3,rm" float::multiply_add(F32, Plus, Plus);
    "rs3:5 00 rs2:5 rs1:5 rm:3 rd:5 1000111"        "fmsub.s"   "fd,fs1,fs2,fs3,rm" float::multiply_add(F32, Plus, Minus);
    "rs3:5 00 rs2:5 rs1:5 rm:3 rd:5 1001011"        "fnmsub.s"  "fd,fs1,fs2,fs3,rm" float::multiply_add(F32, Minus, Plus);
    "rs3:5 00 rs2:5 rs1:5 rm:3 rd:5 1001111"        "fnmadd.s"  "fd,fs1,fs2,fs3,rm" float::multiply_add(F32, Minus, Minus);
    "00000 00 rs2:5 rs1:5 rm:3 rd:5 1010011"        "fadd.s"    "fd,fs1,fs2,rm"     float::binary(Add, F32);
    "00001 00 rs2:5 rs1:5 rm:3 rd:5 1010011"        "fsub.s"    "fd,fs1,fs2,rm"     float::binary(Sub, F32);
    "00010 00 rs2:5 rs1:5 rm:3 rd:5 1010011"        "fmul.s"    "fd,fs1,fs2,rm"     float::binary(Mul, F32);
    "00011 00 rs2:5 rs1:5 rm:3 rd:5 1010011"        "fdiv.s"    "fd,fs1,fs2,rm"     float::binary(Div, F32);
    "01011 00 00000 rs1:5 rm:3 rd:5 1010011"        "fsqrt.s"   "fd,fs1,rm"         float::square_root(F32);
    "00100 00 rs2:5 rs1:5 000 rd:5 1010011"         "fsgnj.s"   "fd,fs1,fs2"        float::sign_inject(F32, Second);
    "00100 00 rs2:5 rs1:5 001 rd:5 1010011"         "fsgnjn.s"  "fd,fs1,fs2"        float::sign_inject(F32, Opposite);
    "00100 00 rs2:5 rs1:5 010 rd:5 1010011"         "fsgnjx.s"  "fd,fs1,fs2"        float::sign_inject(F32, Xor);
    "00101 00 rs2:5 rs1:5 000 rd:5 1010011"         "fmin.s"    "fd,fs1,fs2"        float::min_max(Min, F32);
    "00101 00 rs2:5 rs1:5 001 rd:5 1010011"         "fmax.s"    "fd,fs1,fs2"        float::min_max(Max, F32);
    "10100 00 rs2:5 rs1:5 010 rd:5 1010011"         "feq.s"     "rd,fs1,fs2"        float::compare(EqQuiet, F32);
    "10100 00 rs2:5 rs1:5 001 rd:5 1010011"         "flt.s"     "rd,fs1,fs2"        float::compare(LtSignaling, F32);
    "10100 00 rs2:5 rs1:5 000 rd:5 1010011"         "fle.s"     "rd,fs1,fs2"        float::compare(LeSignaling, F32);
    "11100 00 00000 rs1:5 001 rd:5 1010011"         "fclass.s"  "rd,fs1"            float::classify(F32);
    // Conversions and moves.
    "11000 00 00000 rs1:5 rm:3 rd:5 1010011"        "fcvt.w.s"  "rd,fs1,rm"         float::to_integer(F32, I32);
    "11010 00 00000 rs1:5 rm:3 rd:5 1010011"        "fcvt.s.w"  "fd,rs1,rm"         float::from_integer(I32, F32);
    "11000 00 00001 rs1:5 rm:3 rd:5 1010011"        "fcvt.wu.s" "rd,fs1,rm"         float::to_integer(F32, U32);
    "11010 00 00001 rs1:5 rm:3 rd:5 1010011"        "fcvt.s.wu" "fd,rs1,rm"         float::from_integer(U32, F32);
    "11000 00 00010 rs1:5 rm:3 rd:5 1010011"        "fcvt.l.s"  "rd,fs1,rm"         float::to_integer(F32, I64);
    "11010 00 00010 rs1:5 rm:3 rd:5 1010011"        "fcvt.s.l"  "fd,rs1,rm"         float::from_integer(I64, F32);
    "11000 00 00011 rs1:5 rm:3 rd:5 1010011"        "fcvt.lu.s" "rd,fs1,rm"         float::to_integer(F32, U64);
    "11010 00 00011 rs1:5 rm:3 rd:5 1010011"        "fcvt.s.lu" "fd,rs1,rm"         float::from_integer(U64, F32);
    "11100 00 00000 rs1:5 000 rd:5 1010011"         "fmv.x.w"   "rd,fs1"            float::move_to_integer(F32);
    "11110 00 00000 rs1:5 000 rd:5 1010011"         "fmv.w.x"   "fd,rs1"            float::move_from_integer(F32);
}
