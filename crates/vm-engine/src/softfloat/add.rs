//! Addition and subtraction (IEEE 754-2019 §5.4.1).

use vm_core::float::RoundingMode;

use super::format::Format;
use super::nan::{invalid, is_nan, is_special, propagate};
use super::round::round_pack;
use super::unpack::{Finite, LEAD, is_negative, shift_right_sticky, unpack, zero};

/// `a + b`.
#[inline]
pub fn add<F: Format>(a: F::Bits, b: F::Bits, rm: RoundingMode, flags: &mut u64) -> F::Bits {
    add_with_sign::<F>(a.into(), b.into(), 0, rm, flags)
}

/// `a - b`.
#[inline]
pub fn sub<F: Format>(a: F::Bits, b: F::Bits, rm: RoundingMode, flags: &mut u64) -> F::Bits {
    add_with_sign::<F>(a.into(), b.into(), F::SIGN, rm, flags)
}

/// The sign of an exact zero sum of operands with these signs (IEEE 754-2019 §6.3).
#[inline]
pub(super) fn zero_sum_sign(a_negative: bool, b_negative: bool, rm: RoundingMode) -> bool {
    if a_negative == b_negative {
        a_negative
    } else {
        rm == RoundingMode::Down
    }
}

/// Adds `b` with its sign bit XORed with `flip`; a NaN is propagated with its own sign.
fn add_with_sign<F: Format>(
    a: u64,
    b: u64,
    flip: u64,
    rm: RoundingMode,
    flags: &mut u64,
) -> F::Bits {
    if is_special::<F>(a) || is_special::<F>(b) {
        return add_special::<F>(a, b, flip, flags);
    }
    add_finite::<F>(unpack::<F>(a), unpack::<F>(b ^ flip), rm, flags)
}

/// Adds two finite numbers, of which at most one has significand bits below the format's
/// precision, and these no lower than bit 2.
#[inline]
pub(super) fn add_finite<F: Format>(
    a: Finite,
    b: Finite,
    rm: RoundingMode,
    flags: &mut u64,
) -> F::Bits {
    let (large, small) = if a.exp >= b.exp { (a, b) } else { (b, a) };
    let aligned = shift_right_sticky(small.sig, (large.exp - small.exp) as u32);
    // Cancellation of more than one bit needs exponents at most one apart, and then `aligned`
    // lost nothing: a sticky bit never moves into the result.
    let opposite = large.negative != small.negative;
    // Two's complement by hand: a branch on the signs would often be predicted wrong.
    let invert = u64::from(opposite).wrapping_neg();
    let sum = large
        .sig
        .wrapping_add((aligned ^ invert).wrapping_sub(invert));
    if sum == 0 {
        return zero::<F>(zero_sum_sign(large.negative, small.negative, rm));
    }
    // Only with equal exponents can `small` prove the larger one.
    let reversed = opposite && (sum as i64) < 0;
    let magnitude = if reversed { sum.wrapping_neg() } else { sum };
    let zeros = magnitude.leading_zeros();
    let sig = shift_right_sticky(magnitude << zeros, 63 - LEAD);
    let exp = large.exp + (63 - LEAD) as i32 - zeros as i32;
    round_pack::<F>(large.negative != reversed, exp, sig, rm, flags)
}

#[cold]
fn add_special<F: Format>(a: u64, b: u64, flip: u64, flags: &mut u64) -> F::Bits {
    if is_nan::<F>(a) || is_nan::<F>(b) {
        return propagate::<F>(&[a, b], flags);
    }
    let b = b ^ flip;
    if !is_special::<F>(b) {
        return F::from_raw(a);
    }
    if is_special::<F>(a) && is_negative::<F>(a) != is_negative::<F>(b) {
        return invalid::<F>(flags);
    }
    F::from_raw(b)
}
