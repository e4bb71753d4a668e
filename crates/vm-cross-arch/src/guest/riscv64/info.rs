//! What RISC-V says about its blocks.

use super::{Helper, regs};
use crate::ir::{GuestInfo, HelperEffects, HelperId, SlotSet};

/// Slots of registers: x1 to x31, for x0 is a constant; all of floating point; the CSRs
/// that are nothing but storage.
const REGISTERS: SlotSet = SlotSet::range(regs::x(1), regs::x(31))
    .union(SlotSet::range(regs::f(0), regs::f(31)))
    .union(SlotSet::range(regs::SSCRATCH, regs::STVAL));

/// What blocks of RISC-V may name, and what its helpers do.
pub static INFO: GuestInfo = GuestInfo {
    readable: REGISTERS.union(GuestInfo::FIXED_READABLE),
    writable: REGISTERS.union(GuestInfo::FIXED_WRITABLE),
    helper: effects,
};

fn effects(helper: HelperId) -> Option<&'static HelperEffects> {
    Helper::from_id(helper).map(Helper::effects)
}
