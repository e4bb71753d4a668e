//! Exits whose outcome is known, and what one tells that is not taken.

use super::values::Values;
use crate::ir::{Block, Cond, JumpHint, Op, Operand, Terminator, eval};

/// Whether the exit is taken, if that is known. `None` for other ops, too.
pub(super) fn outcome(op: &Op) -> Option<bool> {
    match *op {
        Op::SideExit {
            cond,
            a: Operand::Imm(a),
            b: Operand::Imm(b),
            ..
        } => Some(eval::condition(cond, a as u64, b as u64)),
        _ => None,
    }
}

/// The op if it is an exit: before it is fused with an earlier comparison, it
/// tells more.
pub(super) fn as_written(op: &Op) -> Option<Op> {
    matches!(op, Op::SideExit { .. }).then_some(*op)
}

/// Takes note of what holds behind the exit.
pub(super) fn record(op: &Op, values: &mut Values) {
    if let Op::SideExit {
        cond: Cond::Ne,
        a: Operand::Slot(slot),
        b: Operand::Imm(value),
        ..
    } = *op
    {
        values.refine(slot, value);
    }
}

/// Ends the block at its exit number `index` among the ops, which is taken.
pub(super) fn end_at(block: &mut Block, index: usize) {
    let Some(&Op::SideExit { offset, .. }) = block.ops.get(index) else {
        return;
    };
    block.ops.truncate(index);
    block.end = Terminator::Jump {
        offset,
        hint: JumpHint::Plain,
    };
    block.insns = 0;
    for op in &block.ops {
        if let Op::Insn { offset, len } = *op {
            block.insns += 1;
            block.bytes = offset + u16::from(len);
        }
    }
}
