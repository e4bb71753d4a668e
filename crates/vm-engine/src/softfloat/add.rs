//! Addition and subtraction (IEEE 754-2019 §5.4.1).

use vm_core::float::RoundingMode;

use super::format::Format;
use super::nan::{invalid, is_nan, is_special, propagate};
use super::round::round_pack;
use super::unpack::{LEAD, is_negative, shift_right_sticky, unpack, zero};

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
    let b = b ^ flip;
    // Magnitudes order like integers, so the larger operand needs no search afterwards.
    let (large, small) = if a & !F::SIGN >= b & !F::SIGN {
        (a, b)
    } else {
        (b, a)
    };
    let (large, small) = (unpack::<F>(large), unpack::<F>(small));
    let aligned = shift_right_sticky(small.sig, (large.exp - small.exp) as u32);
    if large.negative == small.negative {
        let sum = large.sig + aligned;
        if sum == 0 {
            return zero::<F>(large.negative);
        }
        let carry = (sum >> (LEAD + 1)) as u32;
        let sig = shift_right_sticky(sum, carry);
        return round_pack::<F>(large.negative, large.exp + carry as i32, sig, rm, flags);
    }
    // Cancellation of more than one bit needs exponents at most one apart, and then
    // `aligned` lost nothing: a sticky bit never moves into the result.
    let difference = large.sig - aligned;
    if difference == 0 {
        return zero::<F>(zero_sum_sign(large.negative, small.negative, rm));
    }
    let shift = difference.leading_zeros() - (63 - LEAD);
    round_pack::<F>(
        large.negative,
        large.exp - shift as i32,
        difference << shift,
        rm,
        flags,
    )
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
