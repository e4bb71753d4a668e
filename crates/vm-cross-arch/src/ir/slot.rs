//! Slots: the 64-bit variables of a block.

/// Number of slots a vCPU's state holds.
pub const SLOT_COUNT: usize = 256;

/// A 64-bit cell of vCPU state, by index.
///
/// 0 to 127 are the guest's registers, numbered by each guest's `regs` module;
/// 128 to 143 are the same for every guest ([`fixed`]); 144 to 255 are
/// temporaries, dead outside the block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Slot(pub u8);

/// Slots with the same meaning for every guest.
pub mod fixed {
    use super::Slot;

    /// While a block runs: the virtual address of its first instruction.
    /// Blocks read it, only the engine writes it.
    pub const PC: Slot = Slot(128);
    /// Accrued floating-point exception flags, as in [`vm_core::float::flags`].
    pub const FP_FLAGS: Slot = Slot(129);
    /// The dynamic rounding mode, as [`vm_core::float::RoundingMode`]; always
    /// valid while a block that uses it runs.
    pub const FP_ROUNDING: Slot = Slot(130);
    /// Non-zero once floating-point state was written.
    pub const FP_DIRTY: Slot = Slot(131);
    /// Always 0. Blocks do not name it; tiers may use it for the constant.
    pub const ZERO: Slot = Slot(132);
}

impl Slot {
    /// The first temporary.
    pub const FIRST_TEMP: u8 = 144;

    /// Temporary number `n`; there are 112.
    ///
    /// # Panics
    /// If `n` is 112 or more: a lifter's bug, found by its tests.
    pub const fn temp(n: u8) -> Self {
        assert!(
            n <= u8::MAX - Self::FIRST_TEMP,
            "a block has 112 temporaries"
        );
        Self(Self::FIRST_TEMP + n)
    }

    /// Whether the slot is dead outside the block.
    pub const fn is_temp(self) -> bool {
        self.0 >= Self::FIRST_TEMP
    }
}

/// What an op reads: a slot or a constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operand {
    /// The slot's value.
    Slot(Slot),
    /// The constant, as 64 bits in two's complement.
    Imm(i64),
}

impl Operand {
    /// The slot, if it is one.
    pub const fn slot(self) -> Option<Slot> {
        match self {
            Self::Slot(slot) => Some(slot),
            Self::Imm(_) => None,
        }
    }

    /// The constant, if it is one.
    pub const fn imm(self) -> Option<i64> {
        match self {
            Self::Imm(value) => Some(value),
            Self::Slot(_) => None,
        }
    }
}

impl From<Slot> for Operand {
    fn from(slot: Slot) -> Self {
        Self::Slot(slot)
    }
}

impl From<i64> for Operand {
    fn from(value: i64) -> Self {
        Self::Imm(value)
    }
}
