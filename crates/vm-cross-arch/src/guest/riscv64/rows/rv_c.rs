//! "C": compressed instructions, with those of "D". (RV64 has none of "F".)

use vm_core::AccessSize::{Double, Word};

use super::super::{
    Helper, Insn,
    lift::{compressed, system},
    row::instructions,
};
use crate::ir::{BinaryOp::*, Cond::*, Width::*};

instructions! {
    /// "C".
    ROWS
    // Stack-pointer-based loads and stores.
    "010 c_imm1:1 rd!:5 c_imm5:5 10"           "c.lwsp"     "rd,imm_c_lwsp(sp)"         compressed::load_sp(Insn::imm_c_lwsp, Word);
    "011 c_imm1:1 rd!:5 c_imm5:5 10"           "c.ldsp"     "rd,imm_c_ldsp(sp)"         compressed::load_sp(Insn::imm_c_ldsp, Double);
    "001 c_imm1:1 rd:5 c_imm5:5 10"            "c.fldsp"    "fd,imm_c_ldsp(sp)"         compressed::load_fp_sp();
    "110 c_imm6:6 c_rs2:5 10"                  "c.swsp"     "c_rs2,imm_c_swsp(sp)"      compressed::store_sp(Insn::imm_c_swsp, Word);
    "111 c_imm6:6 c_rs2:5 10"                  "c.sdsp"     "c_rs2,imm_c_sdsp(sp)"      compressed::store_sp(Insn::imm_c_sdsp, Double);
    "101 c_imm6:6 c_rs2:5 10"                  "c.fsdsp"    "c_fs2,imm_c_sdsp(sp)"      compressed::store_fp_sp();
    // Register-based loads and stores.
    "010 c_imm3:3 rs1_p:3 c_imm2:2 rd_p:3 00"  "c.lw"       "rd_p,imm_c_word(rs1_p)"    compressed::load(Insn::imm_c_word, Word);
    "011 c_imm3:3 rs1_p:3 c_imm2:2 rd_p:3 00"  "c.ld"       "rd_p,imm_c_double(rs1_p)"  compressed::load(Insn::imm_c_double, Double);
    "001 c_imm3:3 rs1_p:3 c_imm2:2 rd_p:3 00"  "c.fld"      "fd_p,imm_c_double(rs1_p)"  compressed::load_fp();
    "110 c_imm3:3 rs1_p:3 c_imm2:2 rs2_p:3 00" "c.sw"       "rs2_p,imm_c_word(rs1_p)"   compressed::store(Insn::imm_c_word, Word);
    "111 c_imm3:3 rs1_p:3 c_imm2:2 rs2_p:3 00" "c.sd"       "rs2_p,imm_c_double(rs1_p)" compressed::store(Insn::imm_c_double, Double);
    "101 c_imm3:3 rs1_p:3 c_imm2:2 rs2_p:3 00" "c.fsd"      "fs2_p,imm_c_double(rs1_p)" compressed::store_fp();
    // Control transfer.
    "101 c_imm11:11 01"                        "c.j"        "imm_c_j"                   compressed::jump();
    "1000 rd!:5 00000 10"                      "c.jr"       "rd"                        compressed::jump_register(0);
    "1001 rd!:5 00000 10"                      "c.jalr"     "rd"                        compressed::jump_register(1);
    "110 c_imm3:3 rs1_p:3 c_imm5:5 01"         "c.beqz"     "rs1_p,imm_c_b"             compressed::branch(Eq);
    "111 c_imm3:3 rs1_p:3 c_imm5:5 01"         "c.bnez"     "rs1_p,imm_c_b"             compressed::branch(Ne);
    // Integer computation. With rd = x0 or without effect they are HINTs.
    "010 c_imm1:1 rd:5 c_imm5:5 01"            "c.li"       "rd,imm_ci"                 compressed::load_immediate(Insn::imm_ci);
    "011 c_imm1!:1 rd:5 c_imm5!:5 01"          "c.lui"      "rd,imm_c_lui"              compressed::load_immediate(Insn::imm_c_lui);
    "011 c_imm1!:1 00010 c_imm5!:5 01"         "c.addi16sp" "sp,imm_c_addi16sp"         compressed::adjust_sp();
    "000 c_imm8!:8 rd_p:3 00"                  "c.addi4spn" "rd_p,sp,imm_c_addi4spn"    compressed::add_to_sp();
    "000 c_imm1:1 rd:5 c_imm5:5 01"            "c.addi"     "rd,imm_ci"                 compressed::immediate(Add, W64);
    "001 c_imm1:1 rd!:5 c_imm5:5 01"           "c.addiw"    "rd,imm_ci"                 compressed::immediate(Add, W32S);
    "000 c_imm1:1 rd:5 c_imm5:5 10"            "c.slli"     "rd,shamt_c"                compressed::shift_left();
    "100 c_imm1:1 00 rs1_p:3 c_imm5:5 01"      "c.srli"     "rs1_p,shamt_c"             compressed::shift_right(Shr);
    "100 c_imm1:1 01 rs1_p:3 c_imm5:5 01"      "c.srai"     "rs1_p,shamt_c"             compressed::shift_right(Sar);
    "100 c_imm1:1 10 rs1_p:3 c_imm5:5 01"      "c.andi"     "rs1_p,imm_ci"              compressed::and_immediate();
    "1000 rd:5 c_rs2!:5 10"                    "c.mv"       "rd,c_rs2"                  compressed::copy();
    "1001 rd:5 c_rs2!:5 10"                    "c.add"      "rd,c_rs2"                  compressed::add();
    "100 0 11 rs1_p:3 00 rs2_p:3 01"           "c.sub"      "rs1_p,rs2_p"               compressed::register(Sub, W64);
    "100 0 11 rs1_p:3 01 rs2_p:3 01"           "c.xor"      "rs1_p,rs2_p"               compressed::register(Xor, W64);
    "100 0 11 rs1_p:3 10 rs2_p:3 01"           "c.or"       "rs1_p,rs2_p"               compressed::register(Or, W64);
    "100 0 11 rs1_p:3 11 rs2_p:3 01"           "c.and"      "rs1_p,rs2_p"               compressed::register(And, W64);
    "100 1 11 rs1_p:3 00 rs2_p:3 01"           "c.subw"     "rs1_p,rs2_p"               compressed::register(Sub, W32S);
    "100 1 11 rs1_p:3 01 rs2_p:3 01"           "c.addw"     "rs1_p,rs2_p"               compressed::register(Add, W32S);
    "1001 00000 00000 10"                      "c.ebreak"   ""                          system::end_bare(Helper::Ebreak);
}
