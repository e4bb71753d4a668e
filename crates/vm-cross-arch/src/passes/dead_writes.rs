//! The backward walk: removes writes that nobody reads, and exits that nobody takes.

use super::exits;
use crate::ir::{Block, Op, Operand, SLOT_COUNT, Slot};

/// Which slots somebody will read.
struct Live([bool; SLOT_COUNT]);

impl Live {
    /// Wherever the block may be left: every slot but the temporaries.
    fn make_guest_live(&mut self) {
        self.0[..usize::from(Slot::FIRST_TEMP)].fill(true);
    }

    fn read(&mut self, operand: Operand) {
        if let Operand::Slot(slot) = operand {
            self.0[usize::from(slot.0)] = true;
        }
    }
}

pub(super) fn run(block: &mut Block) {
    let mut live = Live([false; SLOT_COUNT]);
    live.make_guest_live();
    block.end.for_each_operand(|operand| live.read(operand));
    let mut keep = vec![true; block.ops.len()];
    for (op, keep) in block.ops.iter().zip(&mut keep).rev() {
        *keep = visit(op, &mut live);
    }
    let mut keep = keep.into_iter();
    block.ops.retain(|_| keep.next().unwrap_or(true));
}

/// Updates what is live before the op; tells whether the op is needed.
fn visit(op: &Op, live: &mut Live) -> bool {
    if exits::outcome(op) == Some(false) {
        return false;
    }
    if let Some(dst) = op.dst() {
        let needed = live.0[usize::from(dst.0)];
        let does_nothing = matches!(op, Op::Move { src, .. } if src.slot() == Some(dst));
        if op.is_pure() && (!needed || does_nothing) {
            return false;
        }
        live.0[usize::from(dst.0)] = false;
    }
    if op.may_leave() {
        live.make_guest_live();
    }
    op.for_each_operand(|operand| live.read(operand));
    true
}
