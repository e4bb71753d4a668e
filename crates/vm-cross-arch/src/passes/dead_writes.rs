//! The backward walk: removes writes that nobody reads, and exits that nobody takes.

use super::side_exits;
use crate::ir::{Block, GuestInfo, Op, SlotSet};

pub(super) fn run(block: &mut Block, guest: &GuestInfo) {
    // Wherever the block may be left, somebody reads every slot but the temporaries.
    let mut live = SlotSet::GUEST;
    block.end.for_each_read(|slot| live.insert(slot));
    let mut keep = vec![true; block.ops.len()];
    for (op, keep) in block.ops.iter().zip(&mut keep).rev() {
        *keep = visit(op, &mut live, guest);
    }
    let mut keep = keep.into_iter();
    block.ops.retain(|_| keep.next().unwrap_or(true));
}

/// Updates what is live before the op; tells whether the op is needed.
fn visit(op: &Op, live: &mut SlotSet, guest: &GuestInfo) -> bool {
    if side_exits::outcome(op) == Some(false) {
        return false;
    }
    if let Op::Helper { .. } = op {
        return visit_helper(op, live, guest);
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
    op.for_each_read(|slot| live.insert(slot));
    true
}

/// The same for a helper, which reads what it declares besides. What it may write, it
/// need not write.
fn visit_helper(op: &Op, live: &mut SlotSet, guest: &GuestInfo) -> bool {
    let Op::Helper { helper, dst, .. } = *op else {
        return true;
    };
    let effects = guest.effects_of(helper);
    let needed = dst.is_some_and(|dst| live.contains(dst));
    if effects.is_pure() && !needed {
        return false;
    }
    if let Some(dst) = dst {
        live.remove(dst);
    }
    if effects.may_fault {
        live.insert_all(&SlotSet::GUEST);
    }
    live.insert_all(&effects.reads);
    op.for_each_read(|slot| live.insert(slot));
    true
}
