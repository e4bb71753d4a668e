//! RV64I, the base (Unprivileged §2 and §4).

use vm_core::AccessSize::{Byte, Double, Half, Word};

use super::super::{
    Helper, Row,
    lift::{alu, control, memory, system},
    regs::x,
    row::insn,
};
use crate::ir::{
    BinaryOp::*,
    Cond::*,
    Extend::{Sign, Zero},
    Operand,
    Width::*,
};

/// RV64I.
pub static ROWS: &[Row] = &[
    // Unprivileged §2.4: integer computation.
    insn!("imm_u:20 rd:5 0110111", "lui", "rd,imm_u", |b, i| b
        .mov(x(i.rd()), Operand::Imm(i.imm_u().into()))),
    insn!("imm_u:20 rd:5 0010111", "auipc", "rd,imm_u", |b, i| b
        .pc_relative(x(i.rd()), i.imm_u())),
    insn!(
        "imm_i:12 rs1:5 000 rd:5 0010011",
        "addi",
        "rd,rs1,imm_i",
        |b, i| alu::immediate(b, i, Add, W64)
    ),
    insn!(
        "imm_i:12 rs1:5 010 rd:5 0010011",
        "slti",
        "rd,rs1,imm_i",
        |b, i| alu::compare_immediate(b, i, LtS)
    ),
    insn!(
        "imm_i:12 rs1:5 011 rd:5 0010011",
        "sltiu",
        "rd,rs1,imm_i",
        |b, i| alu::compare_immediate(b, i, LtU)
    ),
    insn!(
        "imm_i:12 rs1:5 100 rd:5 0010011",
        "xori",
        "rd,rs1,imm_i",
        |b, i| alu::immediate(b, i, Xor, W64)
    ),
    insn!(
        "imm_i:12 rs1:5 110 rd:5 0010011",
        "ori",
        "rd,rs1,imm_i",
        |b, i| alu::immediate(b, i, Or, W64)
    ),
    insn!(
        "imm_i:12 rs1:5 111 rd:5 0010011",
        "andi",
        "rd,rs1,imm_i",
        |b, i| alu::immediate(b, i, And, W64)
    ),
    insn!(
        "000000 shamt6:6 rs1:5 001 rd:5 0010011",
        "slli",
        "rd,rs1,shamt6",
        |b, i| alu::shift64(b, i, Shl)
    ),
    insn!(
        "000000 shamt6:6 rs1:5 101 rd:5 0010011",
        "srli",
        "rd,rs1,shamt6",
        |b, i| alu::shift64(b, i, Shr)
    ),
    insn!(
        "010000 shamt6:6 rs1:5 101 rd:5 0010011",
        "srai",
        "rd,rs1,shamt6",
        |b, i| alu::shift64(b, i, Sar)
    ),
    insn!(
        "0000000 rs2:5 rs1:5 000 rd:5 0110011",
        "add",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, Add, W64)
    ),
    insn!(
        "0100000 rs2:5 rs1:5 000 rd:5 0110011",
        "sub",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, Sub, W64)
    ),
    insn!(
        "0000000 rs2:5 rs1:5 001 rd:5 0110011",
        "sll",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, Shl, W64)
    ),
    insn!(
        "0000000 rs2:5 rs1:5 010 rd:5 0110011",
        "slt",
        "rd,rs1,rs2",
        |b, i| alu::compare(b, i, LtS)
    ),
    insn!(
        "0000000 rs2:5 rs1:5 011 rd:5 0110011",
        "sltu",
        "rd,rs1,rs2",
        |b, i| alu::compare(b, i, LtU)
    ),
    insn!(
        "0000000 rs2:5 rs1:5 100 rd:5 0110011",
        "xor",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, Xor, W64)
    ),
    insn!(
        "0000000 rs2:5 rs1:5 101 rd:5 0110011",
        "srl",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, Shr, W64)
    ),
    insn!(
        "0100000 rs2:5 rs1:5 101 rd:5 0110011",
        "sra",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, Sar, W64)
    ),
    insn!(
        "0000000 rs2:5 rs1:5 110 rd:5 0110011",
        "or",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, Or, W64)
    ),
    insn!(
        "0000000 rs2:5 rs1:5 111 rd:5 0110011",
        "and",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, And, W64)
    ),
    // §4.2: the same on 32 bits.
    insn!(
        "imm_i:12 rs1:5 000 rd:5 0011011",
        "addiw",
        "rd,rs1,imm_i",
        |b, i| alu::immediate(b, i, Add, W32S)
    ),
    insn!(
        "0000000 shamt5:5 rs1:5 001 rd:5 0011011",
        "slliw",
        "rd,rs1,shamt5",
        |b, i| alu::shift32(b, i, Shl)
    ),
    insn!(
        "0000000 shamt5:5 rs1:5 101 rd:5 0011011",
        "srliw",
        "rd,rs1,shamt5",
        |b, i| alu::shift32(b, i, Shr)
    ),
    insn!(
        "0100000 shamt5:5 rs1:5 101 rd:5 0011011",
        "sraiw",
        "rd,rs1,shamt5",
        |b, i| alu::shift32(b, i, Sar)
    ),
    insn!(
        "0000000 rs2:5 rs1:5 000 rd:5 0111011",
        "addw",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, Add, W32S)
    ),
    insn!(
        "0100000 rs2:5 rs1:5 000 rd:5 0111011",
        "subw",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, Sub, W32S)
    ),
    insn!(
        "0000000 rs2:5 rs1:5 001 rd:5 0111011",
        "sllw",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, Shl, W32S)
    ),
    insn!(
        "0000000 rs2:5 rs1:5 101 rd:5 0111011",
        "srlw",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, Shr, W32S)
    ),
    insn!(
        "0100000 rs2:5 rs1:5 101 rd:5 0111011",
        "sraw",
        "rd,rs1,rs2",
        |b, i| alu::register(b, i, Sar, W32S)
    ),
    // §2.5: control transfer.
    insn!("imm_j:20 rd:5 1101111", "jal", "rd,imm_j", |b, i| {
        control::jump(b, i.rd(), i.imm_j())
    }),
    insn!(
        "imm_i:12 rs1:5 000 rd:5 1100111",
        "jalr",
        "rd,imm_i(rs1)",
        |b, i| control::jump_register(b, i.rd(), i.rs1(), i.imm_i())
    ),
    insn!(
        "imm_b_hi:7 rs2:5 rs1:5 000 imm_b_lo:5 1100011",
        "beq",
        "rs1,rs2,imm_b",
        |b, i| control::branch(b, i, Eq)
    ),
    insn!(
        "imm_b_hi:7 rs2:5 rs1:5 001 imm_b_lo:5 1100011",
        "bne",
        "rs1,rs2,imm_b",
        |b, i| control::branch(b, i, Ne)
    ),
    insn!(
        "imm_b_hi:7 rs2:5 rs1:5 100 imm_b_lo:5 1100011",
        "blt",
        "rs1,rs2,imm_b",
        |b, i| control::branch(b, i, LtS)
    ),
    insn!(
        "imm_b_hi:7 rs2:5 rs1:5 101 imm_b_lo:5 1100011",
        "bge",
        "rs1,rs2,imm_b",
        |b, i| control::branch(b, i, GeS)
    ),
    insn!(
        "imm_b_hi:7 rs2:5 rs1:5 110 imm_b_lo:5 1100011",
        "bltu",
        "rs1,rs2,imm_b",
        |b, i| control::branch(b, i, LtU)
    ),
    insn!(
        "imm_b_hi:7 rs2:5 rs1:5 111 imm_b_lo:5 1100011",
        "bgeu",
        "rs1,rs2,imm_b",
        |b, i| control::branch(b, i, GeU)
    ),
    // §2.6 and §4.3: loads and stores.
    insn!(
        "imm_i:12 rs1:5 000 rd:5 0000011",
        "lb",
        "rd,imm_i(rs1)",
        |b, i| memory::load(b, i, Byte, Sign)
    ),
    insn!(
        "imm_i:12 rs1:5 001 rd:5 0000011",
        "lh",
        "rd,imm_i(rs1)",
        |b, i| memory::load(b, i, Half, Sign)
    ),
    insn!(
        "imm_i:12 rs1:5 010 rd:5 0000011",
        "lw",
        "rd,imm_i(rs1)",
        |b, i| memory::load(b, i, Word, Sign)
    ),
    insn!(
        "imm_i:12 rs1:5 011 rd:5 0000011",
        "ld",
        "rd,imm_i(rs1)",
        |b, i| memory::load(b, i, Double, Sign)
    ),
    insn!(
        "imm_i:12 rs1:5 100 rd:5 0000011",
        "lbu",
        "rd,imm_i(rs1)",
        |b, i| memory::load(b, i, Byte, Zero)
    ),
    insn!(
        "imm_i:12 rs1:5 101 rd:5 0000011",
        "lhu",
        "rd,imm_i(rs1)",
        |b, i| memory::load(b, i, Half, Zero)
    ),
    insn!(
        "imm_i:12 rs1:5 110 rd:5 0000011",
        "lwu",
        "rd,imm_i(rs1)",
        |b, i| memory::load(b, i, Word, Zero)
    ),
    insn!(
        "imm_s_hi:7 rs2:5 rs1:5 000 imm_s_lo:5 0100011",
        "sb",
        "rs2,imm_s(rs1)",
        |b, i| memory::store(b, i, Byte)
    ),
    insn!(
        "imm_s_hi:7 rs2:5 rs1:5 001 imm_s_lo:5 0100011",
        "sh",
        "rs2,imm_s(rs1)",
        |b, i| memory::store(b, i, Half)
    ),
    insn!(
        "imm_s_hi:7 rs2:5 rs1:5 010 imm_s_lo:5 0100011",
        "sw",
        "rs2,imm_s(rs1)",
        |b, i| memory::store(b, i, Word)
    ),
    insn!(
        "imm_s_hi:7 rs2:5 rs1:5 011 imm_s_lo:5 0100011",
        "sd",
        "rs2,imm_s(rs1)",
        |b, i| memory::store(b, i, Double)
    ),
    // §2.7: memory ordering. Reserved modes and register fields are ignored, as
    // the manual asks for forward compatibility.
    insn!(
        "fm:4 pred:4 succ:4 rs1:5 000 rd:5 0001111",
        "fence",
        "pred,succ",
        memory::fence
    ),
    insn!(
        "1000 0011 0011 rs1:5 000 rd:5 0001111",
        "fence.tso",
        "",
        memory::fence_tso
    ),
    // §2.8: environment call and breakpoint.
    insn!(
        "000000000000 00000 000 00000 1110011",
        "ecall",
        "",
        |b, _| system::end_bare(b, Helper::Ecall)
    ),
    insn!(
        "000000000001 00000 000 00000 1110011",
        "ebreak",
        "",
        |b, _| system::end_bare(b, Helper::Ebreak)
    ),
];
