//! Rounding an exact result to a format and raising what that raises.

use vm_core::float::{RoundingMode, flags};

use super::format::Format;
use super::unpack::{LEAD, infinity, shift_right_sticky};

/// What to add to a magnitude so that dropping the bits in `mask` rounds it as `rm` says.
///
/// `odd` is whether the lowest bit that is kept is set; `mask` is 2^n - 1 with n ≥ 1.
#[inline]
pub(super) fn increment(rm: RoundingMode, negative: bool, odd: bool, mask: u64) -> u64 {
    let half = (mask >> 1) + 1;
    match rm {
        RoundingMode::NearestEven => half - 1 + u64::from(odd),
        RoundingMode::TowardZero => 0,
        RoundingMode::Down => {
            if negative {
                mask
            } else {
                0
            }
        }
        RoundingMode::Up => {
            if negative {
                0
            } else {
                mask
            }
        }
        RoundingMode::NearestAway => half,
    }
}

/// Bits of a significand below the precision of the format.
#[inline]
fn extra_bits<F: Format>() -> u32 {
    LEAD - F::FRAC_BITS
}

/// A significand rounded to the format's precision, in units of its last place.
#[inline]
fn rounded<F: Format>(negative: bool, sig: u64, rm: RoundingMode) -> (u64, bool) {
    let extra = extra_bits::<F>();
    let mask = (1 << extra) - 1;
    let odd = (sig >> extra) & 1 != 0;
    let sum = sig + increment(rm, negative, odd, mask);
    (sum >> extra, sig & mask != 0)
}

/// Rounds (-1)^`negative` × `sig` × 2^(`exp` - [`LEAD`]) to `F`.
///
/// `sig` must be in 2^62..2^63, with bit 0 sticky for whatever lies below it.
#[inline]
pub(super) fn round_pack<F: Format>(
    negative: bool,
    exp: i32,
    sig: u64,
    rm: RoundingMode,
    flags: &mut u64,
) -> F::Bits {
    debug_assert!(sig >> LEAD == 1, "significand {sig:#x} is not normalised");
    if exp < F::MIN_EXP {
        return round_subnormal::<F>(negative, exp, sig, rm, flags);
    }
    if exp > F::BIAS {
        return overflow::<F>(negative, rm, flags);
    }
    let (units, inexact) = rounded::<F>(negative, sig, rm);
    // The leading bit of `units` carries into the exponent field, as does a rounding carry.
    let magnitude = (((exp - F::MIN_EXP) as u64) << F::FRAC_BITS) + units;
    if magnitude >= F::INFINITY {
        return overflow::<F>(negative, rm, flags);
    }
    *flags |= if inexact { flags::INEXACT } else { 0 };
    F::from_raw(magnitude | if negative { F::SIGN } else { 0 })
}

/// Whether a result below the normal range counts as tiny (IEEE 754-2019 §7.5).
///
/// RISC-V and x86 detect tininess after rounding, as if the exponent range were unbounded: just
/// below the smallest normal number, a carry out of the significand makes the result not tiny.
/// An architecture that detects before rounding returns true here.
#[inline]
fn is_tiny<F: Format>(negative: bool, exp: i32, sig: u64, rm: RoundingMode) -> bool {
    exp < F::MIN_EXP - 1 || rounded::<F>(negative, sig, rm).0 >> (F::FRAC_BITS + 1) == 0
}

#[cold]
fn round_subnormal<F: Format>(
    negative: bool,
    exp: i32,
    sig: u64,
    rm: RoundingMode,
    flags: &mut u64,
) -> F::Bits {
    let denormal = shift_right_sticky(sig, (F::MIN_EXP - exp) as u32);
    let (magnitude, inexact) = rounded::<F>(negative, denormal, rm);
    if inexact {
        *flags |= flags::INEXACT;
        if is_tiny::<F>(negative, exp, sig, rm) {
            *flags |= flags::UNDERFLOW;
        }
    }
    F::from_raw(magnitude | if negative { F::SIGN } else { 0 })
}

/// Infinity or the largest finite number, whichever `rm` rounds to (IEEE 754-2019 §7.4).
#[cold]
fn overflow<F: Format>(negative: bool, rm: RoundingMode, flags: &mut u64) -> F::Bits {
    *flags |= flags::OVERFLOW | flags::INEXACT;
    let to_infinity = match rm {
        RoundingMode::NearestEven | RoundingMode::NearestAway => true,
        RoundingMode::TowardZero => false,
        RoundingMode::Down => negative,
        RoundingMode::Up => !negative,
    };
    if to_infinity {
        return infinity::<F>(negative);
    }
    F::from_raw((F::INFINITY - 1) | if negative { F::SIGN } else { 0 })
}
