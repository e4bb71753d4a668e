//! Zicsr: control and status registers.

use super::super::{Row, lift::system, row::insn};

/// Zicsr.
pub static ROWS: &[Row] = &[
    insn!(
        "csr:12 rs1:5 001 rd:5 1110011",
        "csrrw",
        "rd,csr,rs1",
        system::csr_swap
    ),
    insn!(
        "csr:12 rs1:5 010 rd:5 1110011",
        "csrrs",
        "rd,csr,rs1",
        system::csr_modify
    ),
    insn!(
        "csr:12 rs1:5 011 rd:5 1110011",
        "csrrc",
        "rd,csr,rs1",
        system::csr_modify
    ),
    insn!(
        "csr:12 uimm:5 101 rd:5 1110011",
        "csrrwi",
        "rd,csr,uimm",
        system::csr_swap_immediate
    ),
    insn!(
        "csr:12 uimm:5 110 rd:5 1110011",
        "csrrsi",
        "rd,csr,uimm",
        system::csr_modify_immediate
    ),
    insn!(
        "csr:12 uimm:5 111 rd:5 1110011",
        "csrrci",
        "rd,csr,uimm",
        system::csr_modify_immediate
    ),
];
