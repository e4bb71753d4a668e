//! Helpers, and what a guest says about them and its slots.

use super::{Slot, SlotSet, fixed};

/// A guest-specific routine of the engine, numbered by each guest's `helper` module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct HelperId(pub u16);

/// Where lifted code may call a helper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HelperKind {
    /// In the body: it returns to the block or raises an exception.
    Op,
    /// At the end: it may do what a block does not outlive.
    Terminator,
    /// At either place.
    Any,
}

/// What a helper may do besides computing a result from its arguments. What page-table
/// walks do on the way is no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HelperEffects {
    /// Where it is called.
    pub kind: HelperKind,
    /// Slots that it may read.
    pub reads: SlotSet,
    /// Slots that it may change; that of its result is the caller's.
    pub writes: SlotSet,
    /// Whether it may raise an exception. It has then changed nothing.
    pub may_fault: bool,
    /// Whether it may read guest memory.
    pub reads_memory: bool,
    /// Whether it may write guest memory.
    pub writes_memory: bool,
    /// Whether it may change system state: what the vCPU keeps beside slots, and what
    /// the machine does.
    pub changes_system: bool,
}

impl HelperEffects {
    /// None at all, for declarations to start from.
    pub const NONE: Self = Self {
        kind: HelperKind::Op,
        reads: SlotSet::EMPTY,
        writes: SlotSet::EMPTY,
        may_fault: false,
        reads_memory: false,
        writes_memory: false,
        changes_system: false,
    };

    /// Whatever a helper can do.
    pub const ANY: Self = Self {
        kind: HelperKind::Any,
        reads: SlotSet::GUEST,
        writes: SlotSet::GUEST,
        may_fault: true,
        reads_memory: true,
        writes_memory: true,
        changes_system: true,
    };

    /// Whether it does nothing but compute a result.
    pub const fn is_pure(&self) -> bool {
        let outside = self.may_fault || self.writes_memory || self.changes_system;
        !outside && self.writes.is_empty()
    }

    /// Whether a body may call it.
    pub const fn is_op(&self) -> bool {
        matches!(self.kind, HelperKind::Op | HelperKind::Any)
    }

    /// Whether it may end a block.
    pub const fn is_terminator(&self) -> bool {
        matches!(self.kind, HelperKind::Terminator | HelperKind::Any)
    }
}

/// What a guest architecture says about its blocks, for verification and passes.
#[derive(Debug)]
pub struct GuestInfo {
    /// Slots below the temporaries that blocks may read.
    pub readable: SlotSet,
    /// Slots below the temporaries that blocks may write.
    pub writable: SlotSet,
    /// What a helper may do; `None` if no helper has the number.
    pub helper: fn(HelperId) -> Option<&'static HelperEffects>,
}

impl GuestInfo {
    /// The cells that every guest's blocks may read.
    pub const FIXED_READABLE: SlotSet = SlotSet::of(&[
        fixed::PC,
        fixed::FP_FLAGS,
        fixed::FP_ROUNDING,
        fixed::FP_DIRTY,
    ]);

    /// The cells that every guest's blocks may write. The rounding mode is not among
    /// them: generated code depends on it.
    pub const FIXED_WRITABLE: SlotSet = SlotSet::of(&[fixed::FP_FLAGS, fixed::FP_DIRTY]);

    /// A guest of which nothing is known: it uses every register slot, and its helpers
    /// may do anything.
    pub const UNKNOWN: Self = {
        let registers = SlotSet::range(Slot(0), Slot(fixed::PC.0 - 1));
        Self {
            readable: registers.union(Self::FIXED_READABLE),
            writable: registers.union(Self::FIXED_WRITABLE),
            helper: |_| Some(&HelperEffects::ANY),
        }
    };

    /// What the helper may do: anything, if no helper has the number.
    pub fn effects_of(&self, helper: HelperId) -> &'static HelperEffects {
        (self.helper)(helper).unwrap_or(&HelperEffects::ANY)
    }
}
