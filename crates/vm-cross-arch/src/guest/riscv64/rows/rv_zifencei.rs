//! Zifencei: instruction-fetch fence.

use super::super::{Helper, Row, lift::system, row::insn};

/// Zifencei. The other fields are reserved and ignored.
pub static ROWS: &[Row] = &[insn!(
    "imm_i:12 rs1:5 001 rd:5 0001111",
    "fence.i",
    "",
    |b, _| system::end_bare(b, Helper::FenceI)
)];
