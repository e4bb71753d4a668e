//! Conversion from integers (IEEE 754-2019 §5.4.1, convertFromInt).

use vm_core::float::RoundingMode;

use super::format::Format;
use super::round::round_pack;
use super::unpack::{LEAD, shift_right_sticky, zero};

/// Converts an `i32`.
#[inline]
pub fn from_i32<F: Format>(value: i32, rm: RoundingMode, flags: &mut u64) -> F::Bits {
    from_magnitude::<F>(value < 0, value.unsigned_abs().into(), rm, flags)
}

/// Converts a `u32`.
#[inline]
pub fn from_u32<F: Format>(value: u32, rm: RoundingMode, flags: &mut u64) -> F::Bits {
    from_magnitude::<F>(false, value.into(), rm, flags)
}

/// Converts an `i64`.
#[inline]
pub fn from_i64<F: Format>(value: i64, rm: RoundingMode, flags: &mut u64) -> F::Bits {
    from_magnitude::<F>(value < 0, value.unsigned_abs(), rm, flags)
}

/// Converts a `u64`.
#[inline]
pub fn from_u64<F: Format>(value: u64, rm: RoundingMode, flags: &mut u64) -> F::Bits {
    from_magnitude::<F>(false, value, rm, flags)
}

fn from_magnitude<F: Format>(
    negative: bool,
    magnitude: u64,
    rm: RoundingMode,
    flags: &mut u64,
) -> F::Bits {
    if magnitude == 0 {
        return zero::<F>(false);
    }
    let zeros = magnitude.leading_zeros();
    let sig = shift_right_sticky(magnitude << zeros, 63 - LEAD);
    round_pack::<F>(negative, 63 - zeros as i32, sig, rm, flags)
}
