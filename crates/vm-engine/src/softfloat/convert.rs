//! Conversion between formats and to integral values (IEEE 754-2019 §5.4.2, §5.9).

use vm_core::float::{RoundingMode, flags};

use super::format::Format;
use super::nan::{convert_nan, is_nan, is_special, propagate};
use super::round::{increment, round_pack};
use super::unpack::{infinity, is_negative, unpack, zero};

/// Converts a number of format `From` to format `To`.
pub fn convert<From: Format, To: Format>(
    a: From::Bits,
    rm: RoundingMode,
    flags: &mut u64,
) -> To::Bits {
    let raw: u64 = a.into();
    if is_nan::<From>(raw) {
        return convert_nan::<From, To>(raw, flags);
    }
    if is_special::<From>(raw) {
        return infinity::<To>(is_negative::<From>(raw));
    }
    let x = unpack::<From>(raw);
    if x.sig == 0 {
        return zero::<To>(x.negative);
    }
    round_pack::<To>(x.negative, x.exp, x.sig, rm, flags)
}

/// Rounds to an integral value in the same format, keeping the sign of a zero result.
///
/// `exact` is whether a result that differs from `a` raises inexact
/// (roundToIntegralExact), as opposed to nothing.
pub fn round_to_integral<F: Format>(
    a: F::Bits,
    rm: RoundingMode,
    exact: bool,
    flags: &mut u64,
) -> F::Bits {
    let raw: u64 = a.into();
    if is_nan::<F>(raw) {
        return propagate::<F>(&[raw], flags);
    }
    let exp = (raw >> F::FRAC_BITS & F::EXP_SPECIAL) as i32 - F::BIAS;
    let magnitude = raw & !F::SIGN;
    if magnitude == 0 || exp >= F::FRAC_BITS as i32 {
        return a;
    }
    let negative = is_negative::<F>(raw);
    let rounded = if exp < 0 {
        round_fraction::<F>(negative, magnitude, rm)
    } else {
        // Rounding the whole bit pattern: a carry moves on into the exponent field.
        let mask = F::FRAC_MASK >> exp;
        // The units bit of 1.x is hidden, but its exponent field, the bias, is odd as well.
        let odd = magnitude & (mask + 1) != 0;
        (magnitude + increment(rm, negative, odd, mask)) & !mask
    };
    if exact && rounded != magnitude {
        *flags |= flags::INEXACT;
    }
    F::from_raw(rounded | (raw & F::SIGN))
}

/// Rounds a magnitude that is between 0 and 1, both excluded, to one of them.
fn round_fraction<F: Format>(negative: bool, magnitude: u64, rm: RoundingMode) -> u64 {
    let one = (F::BIAS as u64) << F::FRAC_BITS;
    let half = ((F::BIAS - 1) as u64) << F::FRAC_BITS;
    let up = match rm {
        RoundingMode::NearestEven => magnitude > half,
        RoundingMode::NearestAway => magnitude >= half,
        RoundingMode::TowardZero => false,
        RoundingMode::Down => negative,
        RoundingMode::Up => !negative,
    };
    if up { one } else { 0 }
}
