//! Tests of the tables as a whole.

mod alu_model;
mod encodings;
mod lift_golden;
mod lifting;
mod objdump;

use super::{Context, INFO, Insn, LiftLimits, Row, Truncated, extensions, lift_block};
use crate::ir::Block;

/// Floating point on, the dynamic rounding mode valid.
const ALL_LEGAL: Context = Context::ALL;

/// Every row.
fn rows() -> impl Iterator<Item = &'static Row> {
    extensions().iter().flat_map(|extension| extension.rows)
}

/// The encoding of `row` with the bits of `fill` in its fields; `None` if that
/// is a reserved one.
fn encode(row: &Row, fill: u32) -> Option<u32> {
    let width = if row.pattern.len == 2 { 0xffff } else { !0 };
    let bits = row.pattern.value | fill & !row.pattern.mask & width;
    row.pattern.matches(Insn(bits)).then_some(bits)
}

/// The bytes of a sequence of instructions.
fn bytes(insns: &[u32]) -> Vec<u8> {
    let mut code = Vec::new();
    for insn in insns {
        let len = if super::is_compressed(*insn) { 2 } else { 4 };
        code.extend_from_slice(&insn.to_le_bytes()[..len]);
    }
    code
}

/// Lifts at most `max_insns` instructions, everything legal.
fn lift(insns: &[u32], max_insns: u16) -> Result<Block, Truncated> {
    lift_block(&bytes(insns), ALL_LEGAL, &LiftLimits::insns(max_insns))
}
