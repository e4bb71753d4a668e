//! What ops do besides computing a result from their operands.

/// A set of effects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effects(u16);

impl Effects {
    /// None: the op can go if nobody reads its result.
    pub const NONE: Self = Self(0);
    /// May raise an exception, and has then done nothing else.
    pub const FAULT: Self = Self(1 << 0);
    /// May leave the block for an address.
    pub const EXIT: Self = Self(1 << 1);
    /// Accrues flags in [`fixed::FP_FLAGS`](super::fixed::FP_FLAGS).
    pub const FP_FLAGS: Self = Self(1 << 2);
    /// Reads guest memory.
    pub const READ: Self = Self(1 << 3);
    /// Writes guest memory.
    pub const WRITE: Self = Self(1 << 4);
    /// Makes, uses or ends the vCPU's reservation.
    pub const RESERVATION: Self = Self(1 << 5);
    /// Orders memory accesses.
    pub const ORDER: Self = Self(1 << 6);
    /// Runs a helper, whose [declaration](super::HelperEffects) says what else it does.
    pub const HELPER: Self = Self(1 << 7);
    /// Marks a place and does nothing.
    pub const MARK: Self = Self(1 << 8);

    /// Those of an access to memory that loads.
    pub(super) const LOAD: Self = Self::READ.and(Self::FAULT);
    /// Those of one that stores.
    pub(super) const STORE: Self = Self::WRITE.and(Self::FAULT);
    /// Those of one that does both at once.
    pub(super) const ATOMIC: Self = Self::LOAD.and(Self::STORE).and(Self::ORDER);
    /// Those of a load-reserved.
    pub(super) const RESERVED_LOAD: Self = Self::LOAD.and(Self::ORDER).and(Self::RESERVATION);
    /// Those of a store-conditional.
    pub(super) const CONDITIONAL_STORE: Self = Self::STORE.and(Self::ORDER).and(Self::RESERVATION);
    /// Those of any helper.
    pub(super) const ANY_HELPER: Self = Self::HELPER.and(Self::ATOMIC).and(Self::RESERVATION);

    /// These and those.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// These but for those.
    #[must_use]
    pub const fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// Whether there is one of `others` among them.
    pub const fn has(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    /// Whether there is none.
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }
}
