//! "C": compressed instructions, with those of "D". (RV64 has none of "F".)

use vm_core::AccessSize::{Double, Word};

use super::super::{
    Helper, Row,
    builder::{ZERO, x as src},
    lift::{control, memory, system},
    regs::x,
    row::insn,
};
use crate::ir::{BinaryOp::*, Cond::*, Extend::Sign, Operand, Width::*};

/// The stack pointer, which many of them imply.
const SP: Operand = Operand::Slot(x(2));

/// "C".
pub static ROWS: &[Row] = &[
    // Stack-pointer-based loads and stores.
    insn!(
        "010 c_imm1:1 rd!:5 c_imm5:5 10",
        "c.lwsp",
        "rd,imm_c_lwsp(sp)",
        |b, i| b.load(x(i.rd()), SP, i.imm_c_lwsp(), Word, Sign)
    ),
    insn!(
        "011 c_imm1:1 rd!:5 c_imm5:5 10",
        "c.ldsp",
        "rd,imm_c_ldsp(sp)",
        |b, i| b.load(x(i.rd()), SP, i.imm_c_ldsp(), Double, Sign)
    ),
    insn!(
        "001 c_imm1:1 rd:5 c_imm5:5 10",
        "c.fldsp",
        "fd,imm_c_ldsp(sp)",
        |b, i| memory::load_fp(b, i.rd(), 2, i.imm_c_ldsp(), Double)
    ),
    insn!(
        "110 c_imm6:6 c_rs2:5 10",
        "c.swsp",
        "c_rs2,imm_c_swsp(sp)",
        |b, i| b.store(src(i.c_rs2()), SP, i.imm_c_swsp(), Word)
    ),
    insn!(
        "111 c_imm6:6 c_rs2:5 10",
        "c.sdsp",
        "c_rs2,imm_c_sdsp(sp)",
        |b, i| b.store(src(i.c_rs2()), SP, i.imm_c_sdsp(), Double)
    ),
    insn!(
        "101 c_imm6:6 c_rs2:5 10",
        "c.fsdsp",
        "c_fs2,imm_c_sdsp(sp)",
        |b, i| memory::store_fp(b, i.c_rs2(), 2, i.imm_c_sdsp(), Double)
    ),
    // Register-based loads and stores.
    insn!(
        "010 c_imm3:3 rs1_p:3 c_imm2:2 rd_p:3 00",
        "c.lw",
        "rd_p,imm_c_word(rs1_p)",
        |b, i| b.load(x(i.rd_p()), src(i.rs1_p()), i.imm_c_word(), Word, Sign)
    ),
    insn!(
        "011 c_imm3:3 rs1_p:3 c_imm2:2 rd_p:3 00",
        "c.ld",
        "rd_p,imm_c_double(rs1_p)",
        |b, i| b.load(x(i.rd_p()), src(i.rs1_p()), i.imm_c_double(), Double, Sign)
    ),
    insn!(
        "001 c_imm3:3 rs1_p:3 c_imm2:2 rd_p:3 00",
        "c.fld",
        "fd_p,imm_c_double(rs1_p)",
        |b, i| memory::load_fp(b, i.rd_p(), i.rs1_p(), i.imm_c_double(), Double)
    ),
    insn!(
        "110 c_imm3:3 rs1_p:3 c_imm2:2 rs2_p:3 00",
        "c.sw",
        "rs2_p,imm_c_word(rs1_p)",
        |b, i| b.store(src(i.rs2_p()), src(i.rs1_p()), i.imm_c_word(), Word)
    ),
    insn!(
        "111 c_imm3:3 rs1_p:3 c_imm2:2 rs2_p:3 00",
        "c.sd",
        "rs2_p,imm_c_double(rs1_p)",
        |b, i| b.store(src(i.rs2_p()), src(i.rs1_p()), i.imm_c_double(), Double)
    ),
    insn!(
        "101 c_imm3:3 rs1_p:3 c_imm2:2 rs2_p:3 00",
        "c.fsd",
        "fs2_p,imm_c_double(rs1_p)",
        |b, i| memory::store_fp(b, i.rs2_p(), i.rs1_p(), i.imm_c_double(), Double)
    ),
    // Control transfer.
    insn!("101 c_imm11:11 01", "c.j", "imm_c_j", |b, i| control::jump(
        b,
        0,
        i.imm_c_j()
    )),
    insn!("1000 rd!:5 00000 10", "c.jr", "rd", |b, i| {
        control::jump_register(b, 0, i.rd(), 0)
    }),
    insn!("1001 rd!:5 00000 10", "c.jalr", "rd", |b, i| {
        control::jump_register(b, 1, i.rd(), 0)
    }),
    insn!(
        "110 c_imm3:3 rs1_p:3 c_imm5:5 01",
        "c.beqz",
        "rs1_p,imm_c_b",
        |b, i| b.end_branch(Eq, src(i.rs1_p()), ZERO, i.imm_c_b())
    ),
    insn!(
        "111 c_imm3:3 rs1_p:3 c_imm5:5 01",
        "c.bnez",
        "rs1_p,imm_c_b",
        |b, i| b.end_branch(Ne, src(i.rs1_p()), ZERO, i.imm_c_b())
    ),
    // Integer computation. With rd = x0 or without effect they are HINTs.
    insn!(
        "010 c_imm1:1 rd:5 c_imm5:5 01",
        "c.li",
        "rd,imm_ci",
        |b, i| b.mov(x(i.rd()), Operand::Imm(i.imm_ci().into()))
    ),
    insn!(
        "011 c_imm1!:1 rd:5 c_imm5!:5 01",
        "c.lui",
        "rd,imm_c_lui",
        |b, i| b.mov(x(i.rd()), Operand::Imm(i.imm_c_lui().into()))
    ),
    insn!(
        "011 c_imm1!:1 00010 c_imm5!:5 01",
        "c.addi16sp",
        "sp,imm_c_addi16sp",
        |b, i| b.binary64(Add, x(2), SP, Operand::Imm(i.imm_c_addi16sp().into()))
    ),
    insn!(
        "000 c_imm8!:8 rd_p:3 00",
        "c.addi4spn",
        "rd_p,sp,imm_c_addi4spn",
        |b, i| b.binary64(
            Add,
            x(i.rd_p()),
            SP,
            Operand::Imm(i.imm_c_addi4spn().into())
        )
    ),
    insn!("000 0 00000 00000 01", "c.nop", "", memory::hint),
    insn!(
        "000 c_imm1:1 rd:5 c_imm5:5 01",
        "c.addi",
        "rd,imm_ci",
        |b, i| b.binary64(Add, x(i.rd()), src(i.rd()), Operand::Imm(i.imm_ci().into()))
    ),
    insn!(
        "001 c_imm1:1 rd!:5 c_imm5:5 01",
        "c.addiw",
        "rd,imm_ci",
        |b, i| b.binary(
            Add,
            W32S,
            x(i.rd()),
            src(i.rd()),
            Operand::Imm(i.imm_ci().into())
        )
    ),
    insn!(
        "000 c_imm1:1 rd:5 c_imm5:5 10",
        "c.slli",
        "rd,shamt_c",
        |b, i| b.binary64(
            Shl,
            x(i.rd()),
            src(i.rd()),
            Operand::Imm(i.shamt_c().into())
        )
    ),
    insn!(
        "100 c_imm1:1 00 rs1_p:3 c_imm5:5 01",
        "c.srli",
        "rs1_p,shamt_c",
        |b, i| b.binary64(
            Shr,
            x(i.rs1_p()),
            src(i.rs1_p()),
            Operand::Imm(i.shamt_c().into())
        )
    ),
    insn!(
        "100 c_imm1:1 01 rs1_p:3 c_imm5:5 01",
        "c.srai",
        "rs1_p,shamt_c",
        |b, i| b.binary64(
            Sar,
            x(i.rs1_p()),
            src(i.rs1_p()),
            Operand::Imm(i.shamt_c().into())
        )
    ),
    insn!(
        "100 c_imm1:1 10 rs1_p:3 c_imm5:5 01",
        "c.andi",
        "rs1_p,imm_ci",
        |b, i| b.binary64(
            And,
            x(i.rs1_p()),
            src(i.rs1_p()),
            Operand::Imm(i.imm_ci().into())
        )
    ),
    insn!("1000 rd:5 c_rs2!:5 10", "c.mv", "rd,c_rs2", |b, i| b
        .mov(x(i.rd()), src(i.c_rs2()))),
    insn!("1001 rd:5 c_rs2!:5 10", "c.add", "rd,c_rs2", |b, i| b
        .binary64(Add, x(i.rd()), src(i.rd()), src(i.c_rs2()))),
    insn!(
        "100 0 11 rs1_p:3 00 rs2_p:3 01",
        "c.sub",
        "rs1_p,rs2_p",
        |b, i| b.binary(Sub, W64, x(i.rs1_p()), src(i.rs1_p()), src(i.rs2_p()))
    ),
    insn!(
        "100 0 11 rs1_p:3 01 rs2_p:3 01",
        "c.xor",
        "rs1_p,rs2_p",
        |b, i| b.binary(Xor, W64, x(i.rs1_p()), src(i.rs1_p()), src(i.rs2_p()))
    ),
    insn!(
        "100 0 11 rs1_p:3 10 rs2_p:3 01",
        "c.or",
        "rs1_p,rs2_p",
        |b, i| b.binary(Or, W64, x(i.rs1_p()), src(i.rs1_p()), src(i.rs2_p()))
    ),
    insn!(
        "100 0 11 rs1_p:3 11 rs2_p:3 01",
        "c.and",
        "rs1_p,rs2_p",
        |b, i| b.binary(And, W64, x(i.rs1_p()), src(i.rs1_p()), src(i.rs2_p()))
    ),
    insn!(
        "100 1 11 rs1_p:3 00 rs2_p:3 01",
        "c.subw",
        "rs1_p,rs2_p",
        |b, i| b.binary(Sub, W32S, x(i.rs1_p()), src(i.rs1_p()), src(i.rs2_p()))
    ),
    insn!(
        "100 1 11 rs1_p:3 01 rs2_p:3 01",
        "c.addw",
        "rs1_p,rs2_p",
        |b, i| b.binary(Add, W32S, x(i.rs1_p()), src(i.rs1_p()), src(i.rs2_p()))
    ),
    insn!("1001 00000 00000 10", "c.ebreak", "", |b, _| {
        system::end_bare(b, Helper::Ebreak)
    }),
];
