//! The vocabulary of floating point: rounding modes and exception flags.

/// How an inexact result is rounded (IEEE 754-2019 §4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum RoundingMode {
    /// To nearest, ties to even.
    NearestEven = 0,
    /// Towards zero.
    TowardZero = 1,
    /// Towards minus infinity.
    Down = 2,
    /// Towards plus infinity.
    Up = 3,
    /// To nearest, ties away from zero.
    NearestAway = 4,
}

impl RoundingMode {
    /// The mode with this number. RISC-V's `frm` has the same numbers, of which 5 to 7 are
    /// reserved (Unprivileged §"F" Table 27).
    pub const fn from_number(number: u64) -> Option<Self> {
        match number {
            0 => Some(Self::NearestEven),
            1 => Some(Self::TowardZero),
            2 => Some(Self::Down),
            3 => Some(Self::Up),
            4 => Some(Self::NearestAway),
            _ => None,
        }
    }
}

/// Accrued exception flags, in RISC-V's `fflags` encoding.
pub mod flags {
    /// The result had to be rounded.
    pub const INEXACT: u64 = 1 << 0;
    /// The result was tiny and inexact.
    pub const UNDERFLOW: u64 = 1 << 1;
    /// The rounded result exceeds the largest finite number.
    pub const OVERFLOW: u64 = 1 << 2;
    /// An exact infinite result from finite operands.
    pub const DIV_BY_ZERO: u64 = 1 << 3;
    /// No usefully definable result.
    pub const INVALID: u64 = 1 << 4;
}
