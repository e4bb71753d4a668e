//! Zawrs: wait on a reservation set.

use super::super::{Helper, Row, lift::system, row::insn};

/// Zawrs.
pub static ROWS: &[Row] = &[
    insn!(
        "000000001101 00000 000 00000 1110011",
        "wrs.nto",
        "",
        |b, i| system::end(b, i, Helper::Wrs)
    ),
    insn!(
        "000000011101 00000 000 00000 1110011",
        "wrs.sto",
        "",
        |b, i| system::end(b, i, Helper::Wrs)
    ),
];
