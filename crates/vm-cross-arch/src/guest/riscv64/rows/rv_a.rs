//! "A": atomic memory operations.

use vm_core::AccessSize::{Double, Word};

use super::super::{lift::atomic, row::instructions};
use crate::ir::AtomicOp::*;

instructions! {
    /// "A".
    ROWS
    "00010 aq:1 rl:1 00000 rs1:5 010 rd:5 0101111" "lr.w"      "rd,(rs1)"     atomic::load_reserved(Word);
    "00011 aq:1 rl:1 rs2:5 rs1:5 010 rd:5 0101111" "sc.w"      "rd,rs2,(rs1)" atomic::store_conditional(Word);
    "00001 aq:1 rl:1 rs2:5 rs1:5 010 rd:5 0101111" "amoswap.w" "rd,rs2,(rs1)" atomic::read_modify_write(Swap, Word);
    "00000 aq:1 rl:1 rs2:5 rs1:5 010 rd:5 0101111" "amoadd.w"  "rd,rs2,(rs1)" atomic::read_modify_write(Add, Word);
    "00100 aq:1 rl:1 rs2:5 rs1:5 010 rd:5 0101111" "amoxor.w"  "rd,rs2,(rs1)" atomic::read_modify_write(Xor, Word);
    "01100 aq:1 rl:1 rs2:5 rs1:5 010 rd:5 0101111" "amoand.w"  "rd,rs2,(rs1)" atomic::read_modify_write(And, Word);
    "01000 aq:1 rl:1 rs2:5 rs1:5 010 rd:5 0101111" "amoor.w"   "rd,rs2,(rs1)" atomic::read_modify_write(Or, Word);
    "10000 aq:1 rl:1 rs2:5 rs1:5 010 rd:5 0101111" "amomin.w"  "rd,rs2,(rs1)" atomic::read_modify_write(MinS, Word);
    "10100 aq:1 rl:1 rs2:5 rs1:5 010 rd:5 0101111" "amomax.w"  "rd,rs2,(rs1)" atomic::read_modify_write(MaxS, Word);
    "11000 aq:1 rl:1 rs2:5 rs1:5 010 rd:5 0101111" "amominu.w" "rd,rs2,(rs1)" atomic::read_modify_write(MinU, Word);
    "11100 aq:1 rl:1 rs2:5 rs1:5 010 rd:5 0101111" "amomaxu.w" "rd,rs2,(rs1)" atomic::read_modify_write(MaxU, Word);
    "00010 aq:1 rl:1 00000 rs1:5 011 rd:5 0101111" "lr.d"      "rd,(rs1)"     atomic::load_reserved(Double);
    "00011 aq:1 rl:1 rs2:5 rs1:5 011 rd:5 0101111" "sc.d"      "rd,rs2,(rs1)" atomic::store_conditional(Double);
    "00001 aq:1 rl:1 rs2:5 rs1:5 011 rd:5 0101111" "amoswap.d" "rd,rs2,(rs1)" atomic::read_modify_write(Swap, Double);
    "00000 aq:1 rl:1 rs2:5 rs1:5 011 rd:5 0101111" "amoadd.d"  "rd,rs2,(rs1)" atomic::read_modify_write(Add, Double);
    "00100 aq:1 rl:1 rs2:5 rs1:5 011 rd:5 0101111" "amoxor.d"  "rd,rs2,(rs1)" atomic::read_modify_write(Xor, Double);
    "01100 aq:1 rl:1 rs2:5 rs1:5 011 rd:5 0101111" "amoand.d"  "rd,rs2,(rs1)" atomic::read_modify_write(And, Double);
    "01000 aq:1 rl:1 rs2:5 rs1:5 011 rd:5 0101111" "amoor.d"   "rd,rs2,(rs1)" atomic::read_modify_write(Or, Double);
    "10000 aq:1 rl:1 rs2:5 rs1:5 011 rd:5 0101111" "amomin.d"  "rd,rs2,(rs1)" atomic::read_modify_write(MinS, Double);
    "10100 aq:1 rl:1 rs2:5 rs1:5 011 rd:5 0101111" "amomax.d"  "rd,rs2,(rs1)" atomic::read_modify_write(MaxS, Double);
    "11000 aq:1 rl:1 rs2:5 rs1:5 011 rd:5 0101111" "amominu.d" "rd,rs2,(rs1)" atomic::read_modify_write(MinU, Double);
    "11100 aq:1 rl:1 rs2:5 rs1:5 011 rd:5 0101111" "amomaxu.d" "rd,rs2,(rs1)" atomic::read_modify_write(MaxU, Double);
}
