//! The backward walk: removes writes that nobody reads, and exits that nobody takes.

use super::side_exits;
use crate::ir::{Block, Op, Operand, SlotSet};

pub(super) fn run(block: &mut Block) {
    // Wherever the block may be left, somebody reads every slot but the temporaries.
    let mut live = SlotSet::GUEST;
    block
        .end
        .for_each_operand(|operand| read(&mut live, operand));
    let mut keep = vec![true; block.ops.len()];
    for (op, keep) in block.ops.iter().zip(&mut keep).rev() {
        *keep = visit(op, &mut live);
    }
    let mut keep = keep.into_iter();
    block.ops.retain(|_| keep.next().unwrap_or(true));
}

/// Updates what is live before the op; tells whether the op is needed.
fn visit(op: &Op, live: &mut SlotSet) -> bool {
    if side_exits::outcome(op) == Some(false) {
        return false;
    }
    if let Some(dst) = op.dst() {
        let needed = live.contains(dst);
        let does_nothing = matches!(op, Op::Move { src, .. } if src.slot() == Some(dst));
        if op.is_pure() && (!needed || does_nothing) {
            return false;
        }
        live.remove(dst);
    }
    if op.may_leave() {
        live.insert_all(&SlotSet::GUEST);
    }
    op.for_each_operand(|operand| read(live, operand));
    true
}

fn read(live: &mut SlotSet, operand: Operand) {
    if let Operand::Slot(slot) = operand {
        live.insert(slot);
    }
}
