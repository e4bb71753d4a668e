//! The privileged instructions (Privileged §3.3 and §10.2), and Svinval.

use super::super::{Helper, Row, lift::system, row::insn};

/// Trap returns, waiting, and the supervisor's fence.
pub static ROWS: &[Row] = &[
    insn!(
        "0001000 00010 00000 000 00000 1110011",
        "sret",
        "",
        |b, i| system::end(b, i, Helper::Sret)
    ),
    insn!(
        "0011000 00010 00000 000 00000 1110011",
        "mret",
        "",
        |b, i| system::end(b, i, Helper::Mret)
    ),
    insn!(
        "0001000 00101 00000 000 00000 1110011",
        "wfi",
        "",
        |b, i| system::end(b, i, Helper::Wfi)
    ),
    insn!(
        "0001001 rs2:5 rs1:5 000 00000 1110011",
        "sfence.vma",
        "rs1,rs2",
        system::fence_vma
    ),
];

/// Svinval: the fence in parts.
pub static SVINVAL: &[Row] = &[
    insn!(
        "0001011 rs2:5 rs1:5 000 00000 1110011",
        "sinval.vma",
        "rs1,rs2",
        system::fence_vma
    ),
    insn!(
        "0001100 00000 00000 000 00000 1110011",
        "sfence.w.inval",
        "",
        |b, i| system::end(b, i, Helper::SfenceOrder)
    ),
    insn!(
        "0001100 00001 00000 000 00000 1110011",
        "sfence.inval.ir",
        "",
        |b, i| system::end(b, i, Helper::SfenceOrder)
    ),
];
