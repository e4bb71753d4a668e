//! RV64I, the base (Unprivileged §2 and §4).

use vm_core::AccessSize::{Byte, Double, Half, Word};

use super::super::{
    Helper,
    lift::{alu, control, load_store, system},
    row::instructions,
};
use crate::ir::{
    BinaryOp::*,
    Cond::*,
    Extend::{Sign, Zero},
    Width::*,
};

instructions! {
    /// RV64I.
    ROWS
    // Unprivileged §2.4: integer computation.
    "imm_u:20 rd:5 0110111"                         "lui"       "rd,imm_u"       alu::load_upper();
    "imm_u:20 rd:5 0010111"                         "auipc"     "rd,imm_u"       alu::add_upper_to_pc();
    "imm_i:12 rs1:5 000 rd:5 0010011"               "addi"      "rd,rs1,imm_i"   alu::immediate(Add, W64);
    "imm_i:12 rs1:5 010 rd:5 0010011"               "slti"      "rd,rs1,imm_i"   alu::compare_immediate(LtS);
    "imm_i:12 rs1:5 011 rd:5 0010011"               "sltiu"     "rd,rs1,imm_i"   alu::compare_immediate(LtU);
    "imm_i:12 rs1:5 100 rd:5 0010011"               "xori"      "rd,rs1,imm_i"   alu::immediate(Xor, W64);
    "imm_i:12 rs1:5 110 rd:5 0010011"               "ori"       "rd,rs1,imm_i"   alu::immediate(Or, W64);
    "imm_i:12 rs1:5 111 rd:5 0010011"               "andi"      "rd,rs1,imm_i"   alu::immediate(And, W64);
    "000000 shamt6:6 rs1:5 001 rd:5 0010011"        "slli"      "rd,rs1,shamt6"  alu::shift64(Shl);
    "000000 shamt6:6 rs1:5 101 rd:5 0010011"        "srli"      "rd,rs1,shamt6"  alu::shift64(Shr);
    "010000 shamt6:6 rs1:5 101 rd:5 0010011"        "srai"      "rd,rs1,shamt6"  alu::shift64(Sar);
    "0000000 rs2:5 rs1:5 000 rd:5 0110011"          "add"       "rd,rs1,rs2"     alu::register(Add, W64);
    "0100000 rs2:5 rs1:5 000 rd:5 0110011"          "sub"       "rd,rs1,rs2"     alu::register(Sub, W64);
    "0000000 rs2:5 rs1:5 001 rd:5 0110011"          "sll"       "rd,rs1,rs2"     alu::register(Shl, W64);
    "0000000 rs2:5 rs1:5 010 rd:5 0110011"          "slt"       "rd,rs1,rs2"     alu::compare(LtS);
    "0000000 rs2:5 rs1:5 011 rd:5 0110011"          "sltu"      "rd,rs1,rs2"     alu::compare(LtU);
    "0000000 rs2:5 rs1:5 100 rd:5 0110011"          "xor"       "rd,rs1,rs2"     alu::register(Xor, W64);
    "0000000 rs2:5 rs1:5 101 rd:5 0110011"          "srl"       "rd,rs1,rs2"     alu::register(Shr, W64);
    "0100000 rs2:5 rs1:5 101 rd:5 0110011"          "sra"       "rd,rs1,rs2"     alu::register(Sar, W64);
    "0000000 rs2:5 rs1:5 110 rd:5 0110011"          "or"        "rd,rs1,rs2"     alu::register(Or, W64);
    "0000000 rs2:5 rs1:5 111 rd:5 0110011"          "and"       "rd,rs1,rs2"     alu::register(And, W64);
    // §4.2: the same on 32 bits.
    "imm_i:12 rs1:5 000 rd:5 0011011"               "addiw"     "rd,rs1,imm_i"   alu::immediate(Add, W32S);
    "0000000 shamt5:5 rs1:5 001 rd:5 0011011"       "slliw"     "rd,rs1,shamt5"  alu::shift32(Shl);
    "0000000 shamt5:5 rs1:5 101 rd:5 0011011"       "srliw"     "rd,rs1,shamt5"  alu::shift32(Shr);
    "0100000 shamt5:5 rs1:5 101 rd:5 0011011"       "sraiw"     "rd,rs1,shamt5"  alu::shift32(Sar);
    "0000000 rs2:5 rs1:5 000 rd:5 0111011"          "addw"      "rd,rs1,rs2"     alu::register(Add, W32S);
    "0100000 rs2:5 rs1:5 000 rd:5 0111011"          "subw"      "rd,rs1,rs2"     alu::register(Sub, W32S);
    "0000000 rs2:5 rs1:5 001 rd:5 0111011"          "sllw"      "rd,rs1,rs2"     alu::register(Shl, W32S);
    "0000000 rs2:5 rs1:5 101 rd:5 0111011"          "srlw"      "rd,rs1,rs2"     alu::register(Shr, W32S);
    "0100000 rs2:5 rs1:5 101 rd:5 0111011"          "sraw"      "rd,rs1,rs2"     alu::register(Sar, W32S);
    // §2.5: control transfer.
    "imm_j:20 rd:5 1101111"                         "jal"       "rd,imm_j"       control::jal();
    "imm_i:12 rs1:5 000 rd:5 1100111"               "jalr"      "rd,imm_i(rs1)"  control::jalr();
    "imm_b_hi:7 rs2:5 rs1:5 000 imm_b_lo:5 1100011" "beq"       "rs1,rs2,imm_b"  control::branch(Eq);
    "imm_b_hi:7 rs2:5 rs1:5 001 imm_b_lo:5 1100011" "bne"       "rs1,rs2,imm_b"  control::branch(Ne);
    "imm_b_hi:7 rs2:5 rs1:5 100 imm_b_lo:5 1100011" "blt"       "rs1,rs2,imm_b"  control::branch(LtS);
    "imm_b_hi:7 rs2:5 rs1:5 101 imm_b_lo:5 1100011" "bge"       "rs1,rs2,imm_b"  control::branch(GeS);
    "imm_b_hi:7 rs2:5 rs1:5 110 imm_b_lo:5 1100011" "bltu"      "rs1,rs2,imm_b"  control::branch(LtU);
    "imm_b_hi:7 rs2:5 rs1:5 111 imm_b_lo:5 1100011" "bgeu"      "rs1,rs2,imm_b"  control::branch(GeU);
    // §2.6 and §4.3: loads and stores.
    "imm_i:12 rs1:5 000 rd:5 0000011"               "lb"        "rd,imm_i(rs1)"  load_store::load(Byte, Sign);
    "imm_i:12 rs1:5 001 rd:5 0000011"               "lh"        "rd,imm_i(rs1)"  load_store::load(Half, Sign);
    "imm_i:12 rs1:5 010 rd:5 0000011"               "lw"        "rd,imm_i(rs1)"  load_store::load(Word, Sign);
    "imm_i:12 rs1:5 011 rd:5 0000011"               "ld"        "rd,imm_i(rs1)"  load_store::load(Double, Sign);
    "imm_i:12 rs1:5 100 rd:5 0000011"               "lbu"       "rd,imm_i(rs1)"  load_store::load(Byte, Zero);
    "imm_i:12 rs1:5 101 rd:5 0000011"               "lhu"       "rd,imm_i(rs1)"  load_store::load(Half, Zero);
    "imm_i:12 rs1:5 110 rd:5 0000011"               "lwu"       "rd,imm_i(rs1)"  load_store::load(Word, Zero);
    "imm_s_hi:7 rs2:5 rs1:5 000 imm_s_lo:5 0100011" "sb"        "rs2,imm_s(rs1)" load_store::store(Byte);
    "imm_s_hi:7 rs2:5 rs1:5 001 imm_s_lo:5 0100011" "sh"        "rs2,imm_s(rs1)" load_store::store(Half);
    "imm_s_hi:7 rs2:5 rs1:5 010 imm_s_lo:5 0100011" "sw"        "rs2,imm_s(rs1)" load_store::store(Word);
    "imm_s_hi:7 rs2:5 rs1:5 011 imm_s_lo:5 0100011" "sd"        "rs2,imm_s(rs1)" load_store::store(Double);
    // §2.7: memory ordering. Reserved modes and register fields are ignored, as
    // the manual asks for forward compatibility.
    "fm:4 pred:4 succ:4 rs1:5 000 rd:5 0001111"     "fence"     "pred,succ"      load_store::fence();
    "1000 0011 0011 rs1:5 000 rd:5 0001111"         "fence.tso" ""               load_store::fence_tso();
    // §2.8: environment call and breakpoint.
    "000000000000 00000 000 00000 1110011"          "ecall"     ""               system::end_bare(Helper::Ecall);
    "000000000001 00000 000 00000 1110011"          "ebreak"    ""               system::end_bare(Helper::Ebreak);
}
