//! Conversion to integers, saturating as RISC-V does.

use vm_core::float::{RoundingMode, flags};

use super::format::Format;
use super::nan::{is_nan, is_special};
use super::round::increment;
use super::unpack::{Finite, LEAD, is_negative, unpack};

/// Converts to `i32`; out of range saturates, a NaN gives `i32::MAX`, both invalid.
pub fn to_i32<F: Format>(a: F::Bits, rm: RoundingMode, flags: &mut u64) -> i32 {
    let limits = Limits {
        negative: 1 << 31,
        positive: i32::MAX as u64,
    };
    to_integer::<F>(a.into(), limits, rm, flags) as i32
}

/// Converts to `u32`; out of range saturates, a NaN gives `u32::MAX`, both invalid.
pub fn to_u32<F: Format>(a: F::Bits, rm: RoundingMode, flags: &mut u64) -> u32 {
    let limits = Limits {
        negative: 0,
        positive: u32::MAX.into(),
    };
    to_integer::<F>(a.into(), limits, rm, flags) as u32
}

/// Converts to `i64`; out of range saturates, a NaN gives `i64::MAX`, both invalid.
pub fn to_i64<F: Format>(a: F::Bits, rm: RoundingMode, flags: &mut u64) -> i64 {
    let limits = Limits {
        negative: 1 << 63,
        positive: i64::MAX as u64,
    };
    to_integer::<F>(a.into(), limits, rm, flags) as i64
}

/// Converts to `u64`; out of range saturates, a NaN gives `u64::MAX`, both invalid.
pub fn to_u64<F: Format>(a: F::Bits, rm: RoundingMode, flags: &mut u64) -> u64 {
    let limits = Limits {
        negative: 0,
        positive: u64::MAX,
    };
    to_integer::<F>(a.into(), limits, rm, flags)
}

/// The largest magnitudes of either sign that an integer type holds.
#[derive(Debug, Clone, Copy)]
struct Limits {
    negative: u64,
    positive: u64,
}

/// The converted value in two's complement.
#[inline]
fn to_integer<F: Format>(raw: u64, limits: Limits, rm: RoundingMode, flags: &mut u64) -> u64 {
    if is_nan::<F>(raw) {
        return out_of_range(false, limits, flags);
    }
    let negative = is_negative::<F>(raw);
    if is_special::<F>(raw) {
        return out_of_range(negative, limits, flags);
    }
    let Some((magnitude, inexact)) = integral_magnitude(unpack::<F>(raw), rm) else {
        return out_of_range(negative, limits, flags);
    };
    if magnitude
        > if negative {
            limits.negative
        } else {
            limits.positive
        }
    {
        return out_of_range(negative, limits, flags);
    }
    *flags |= if inexact { flags::INEXACT } else { 0 };
    if negative {
        magnitude.wrapping_neg()
    } else {
        magnitude
    }
}

/// Saturates (RISC-V Unprivileged, "F", Table "Domains of float-to-integer conversions and
/// behavior for invalid inputs"); a NaN counts as positive. Inexact is not raised.
#[cold]
fn out_of_range(negative: bool, limits: Limits, flags: &mut u64) -> u64 {
    *flags |= flags::INVALID;
    if negative {
        limits.negative.wrapping_neg()
    } else {
        limits.positive
    }
}

/// The magnitude rounded to an integer and whether that changed it; `None` from 2^64 on.
#[inline]
fn integral_magnitude(x: Finite, rm: RoundingMode) -> Option<(u64, bool)> {
    if x.exp >= LEAD as i32 {
        // Every significand bit is an integer bit.
        return (x.exp < 64).then(|| (x.sig << (x.exp - LEAD as i32), false));
    }
    let drop = (LEAD as i32 - x.exp) as u32;
    // The integer part, and the fraction in units of 2^-64 with bit 0 sticky.
    let (whole, fraction) = if drop < 64 {
        (x.sig >> drop, x.sig << (64 - drop))
    } else {
        (0, u64::from(x.sig != 0))
    };
    // The increment as a carry: rounding adds it to the fraction.
    let rounding = increment(rm, x.negative, whole & 1 != 0, u64::MAX);
    let (_, carry) = fraction.overflowing_add(rounding);
    Some((whole + u64::from(carry), fraction != 0))
}
