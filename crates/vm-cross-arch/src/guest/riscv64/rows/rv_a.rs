//! "A": atomic memory operations.

use vm_core::AccessSize::{Double, Word};

use super::super::{Row, lift::atomic, row::insn};
use crate::ir::AtomicOp::*;

/// "A".
pub static ROWS: &[Row] = &[
    insn!(
        "00010 aq:1 rl:1 00000 rs1:5 010 rd:5 0101111",
        "lr.w",
        "rd,(rs1)",
        |b, i| atomic::load_reserved(b, i, Word)
    ),
    insn!(
        "00011 aq:1 rl:1 rs2:5 rs1:5 010 rd:5 0101111",
        "sc.w",
        "rd,rs2,(rs1)",
        |b, i| atomic::store_conditional(b, i, Word)
    ),
    insn!(
        "00001 aq:1 rl:1 rs2:5 rs1:5 010 rd:5 0101111",
        "amoswap.w",
        "rd,rs2,(rs1)",
        |b, i| atomic::read_modify_write(b, i, Swap, Word)
    ),
    insn!(
        "00000 aq:1 rl:1 rs2:5 rs1:5 010 rd:5 0101111",
        "amoadd.w",
        "rd,rs2,(rs1)",
        |b, i| atomic::read_modify_write(b, i, Add, Word)
    ),
    insn!(
        "00100 aq:1 rl:1 rs2:5 rs1:5 010 rd:5 0101111",
        "amoxor.w",
        "rd,rs2,(rs1)",
        |b, i| atomic::read_modify_write(b, i, Xor, Word)
    ),
    insn!(
        "01100 aq:1 rl:1 rs2:5 rs1:5 010 rd:5 0101111",
        "amoand.w",
        "rd,rs2,(rs1)",
        |b, i| atomic::read_modify_write(b, i, And, Word)
    ),
    insn!(
        "01000 aq:1 rl:1 rs2:5 rs1:5 010 rd:5 0101111",
        "amoor.w",
        "rd,rs2,(rs1)",
        |b, i| atomic::read_modify_write(b, i, Or, Word)
    ),
    insn!(
        "10000 aq:1 rl:1 rs2:5 rs1:5 010 rd:5 0101111",
        "amomin.w",
        "rd,rs2,(rs1)",
        |b, i| atomic::read_modify_write(b, i, MinS, Word)
    ),
    insn!(
        "10100 aq:1 rl:1 rs2:5 rs1:5 010 rd:5 0101111",
        "amomax.w",
        "rd,rs2,(rs1)",
        |b, i| atomic::read_modify_write(b, i, MaxS, Word)
    ),
    insn!(
        "11000 aq:1 rl:1 rs2:5 rs1:5 010 rd:5 0101111",
        "amominu.w",
        "rd,rs2,(rs1)",
        |b, i| atomic::read_modify_write(b, i, MinU, Word)
    ),
    insn!(
        "11100 aq:1 rl:1 rs2:5 rs1:5 010 rd:5 0101111",
        "amomaxu.w",
        "rd,rs2,(rs1)",
        |b, i| atomic::read_modify_write(b, i, MaxU, Word)
    ),
    insn!(
        "00010 aq:1 rl:1 00000 rs1:5 011 rd:5 0101111",
        "lr.d",
        "rd,(rs1)",
        |b, i| atomic::load_reserved(b, i, Double)
    ),
    insn!(
        "00011 aq:1 rl:1 rs2:5 rs1:5 011 rd:5 0101111",
        "sc.d",
        "rd,rs2,(rs1)",
        |b, i| atomic::store_conditional(b, i, Double)
    ),
    insn!(
        "00001 aq:1 rl:1 rs2:5 rs1:5 011 rd:5 0101111",
        "amoswap.d",
        "rd,rs2,(rs1)",
        |b, i| atomic::read_modify_write(b, i, Swap, Double)
    ),
    insn!(
        "00000 aq:1 rl:1 rs2:5 rs1:5 011 rd:5 0101111",
        "amoadd.d",
        "rd,rs2,(rs1)",
        |b, i| atomic::read_modify_write(b, i, Add, Double)
    ),
    insn!(
        "00100 aq:1 rl:1 rs2:5 rs1:5 011 rd:5 0101111",
        "amoxor.d",
        "rd,rs2,(rs1)",
        |b, i| atomic::read_modify_write(b, i, Xor, Double)
    ),
    insn!(
        "01100 aq:1 rl:1 rs2:5 rs1:5 011 rd:5 0101111",
        "amoand.d",
        "rd,rs2,(rs1)",
        |b, i| atomic::read_modify_write(b, i, And, Double)
    ),
    insn!(
        "01000 aq:1 rl:1 rs2:5 rs1:5 011 rd:5 0101111",
        "amoor.d",
        "rd,rs2,(rs1)",
        |b, i| atomic::read_modify_write(b, i, Or, Double)
    ),
    insn!(
        "10000 aq:1 rl:1 rs2:5 rs1:5 011 rd:5 0101111",
        "amomin.d",
        "rd,rs2,(rs1)",
        |b, i| atomic::read_modify_write(b, i, MinS, Double)
    ),
    insn!(
        "10100 aq:1 rl:1 rs2:5 rs1:5 011 rd:5 0101111",
        "amomax.d",
        "rd,rs2,(rs1)",
        |b, i| atomic::read_modify_write(b, i, MaxS, Double)
    ),
    insn!(
        "11000 aq:1 rl:1 rs2:5 rs1:5 011 rd:5 0101111",
        "amominu.d",
        "rd,rs2,(rs1)",
        |b, i| atomic::read_modify_write(b, i, MinU, Double)
    ),
    insn!(
        "11100 aq:1 rl:1 rs2:5 rs1:5 011 rd:5 0101111",
        "amomaxu.d",
        "rd,rs2,(rs1)",
        |b, i| atomic::read_modify_write(b, i, MaxU, Double)
    ),
];
