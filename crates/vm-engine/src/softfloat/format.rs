//! The interchange formats (IEEE 754-2019 §3.4) as compile-time parameters.

use std::fmt::Debug;

mod sealed {
    pub trait Sealed {}
}

/// A binary interchange format of at most 64 bits.
///
/// The arithmetic is written once over the constants below. It works on `u64` significands with
/// the leading bit at bit 62, so it needs `FRAC_BITS <= 52`.
pub trait Format: sealed::Sealed + Copy + 'static {
    /// The integer that holds one number's bit pattern.
    type Bits: Copy + Eq + Debug + Into<u64>;

    /// Width of the format in bits.
    const WIDTH: u32;
    /// Width of the trailing significand field in bits.
    const FRAC_BITS: u32;

    /// The low [`Format::WIDTH`] bits of `raw`.
    fn from_raw(raw: u64) -> Self::Bits;

    /// The sign bit.
    const SIGN: u64 = 1 << (Self::WIDTH - 1);
    /// The trailing significand field, in place.
    const FRAC_MASK: u64 = (1 << Self::FRAC_BITS) - 1;
    /// The all-ones exponent field, at bit 0: infinities and NaNs.
    const EXP_SPECIAL: u64 = (1 << (Self::WIDTH - 1 - Self::FRAC_BITS)) - 1;
    /// The exponent bias, which is also the largest exponent of a finite number.
    const BIAS: i32 = (Self::EXP_SPECIAL >> 1) as i32;
    /// The exponent of the smallest normal number.
    const MIN_EXP: i32 = 1 - Self::BIAS;
    /// Positive infinity.
    const INFINITY: u64 = Self::EXP_SPECIAL << Self::FRAC_BITS;
    /// The significand bit that is set in quiet NaNs and clear in signaling ones.
    const QUIET_BIT: u64 = 1 << (Self::FRAC_BITS - 1);
    /// The canonical NaN (RISC-V Unprivileged, "F", NaN Generation and Propagation).
    const CANONICAL_NAN: u64 = Self::INFINITY | Self::QUIET_BIT;
}

/// binary16, half precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct F16;

/// binary32, single precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct F32;

/// binary64, double precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct F64;

macro_rules! format {
    ($name:ident, $bits:ty, $frac_bits:literal) => {
        impl sealed::Sealed for $name {}

        impl Format for $name {
            type Bits = $bits;
            const WIDTH: u32 = <$bits>::BITS;
            const FRAC_BITS: u32 = $frac_bits;

            #[inline]
            fn from_raw(raw: u64) -> $bits {
                raw as $bits
            }
        }
    };
}

format!(F16, u16, 10);
format!(F32, u32, 23);
format!(F64, u64, 52);
