//! Fused multiply-add (IEEE 754-2019 §5.4.1): one rounding.

use vm_core::float::{RoundingMode, flags};

use super::add::{add_finite, zero_sum_sign};
use super::format::Format;
use super::nan::{invalid, is_nan, is_special, propagate};
use super::round::round_pack;
use super::unpack::{
    Finite, LEAD, high_sticky, infinity, is_negative, shift_right_sticky, shift_right_sticky_wide,
    unpack, zero,
};

/// Where 128-bit significands lead. Bit 127 is left free for carries.
const WIDE_LEAD: u32 = 64 + LEAD;

/// `a × b + c`, rounded once.
///
/// The negated forms flip sign bits beforehand: that of `a` for `-(a × b) + c`, that of `c` for
/// `a × b - c`.
pub fn mul_add<F: Format>(
    a: F::Bits,
    b: F::Bits,
    c: F::Bits,
    rm: RoundingMode,
    flags: &mut u64,
) -> F::Bits {
    let (a, b, c): (u64, u64, u64) = (a.into(), b.into(), c.into());
    if is_special::<F>(a) || is_special::<F>(b) || is_special::<F>(c) {
        return mul_add_special::<F>(a, b, c, flags);
    }
    let (a, b, c) = (unpack::<F>(a), unpack::<F>(b), unpack::<F>(c));
    if a.sig == 0 || b.sig == 0 {
        return add_to_zero::<F>(a.negative != b.negative, c, rm, flags);
    }
    let product = product(a, b);
    if F::WIDTH <= 32 {
        // At most 48 significant bits: they are all in the high half.
        let Wide { negative, exp, sig } = product;
        let product = Finite {
            negative,
            exp,
            sig: (sig >> 64) as u64,
        };
        return add_finite::<F>(product, c, rm, flags);
    }
    add_product::<F>(product, c, rm, flags)
}

/// A finite number with a 128-bit significand, in 2^126..2^127 or zero.
#[derive(Debug, Clone, Copy)]
struct Wide {
    negative: bool,
    exp: i32,
    sig: u128,
}

/// The exact product of two non-zero numbers.
#[inline]
fn product(a: Finite, b: Finite) -> Wide {
    let sig = u128::from(a.sig << 1) * u128::from(b.sig);
    let short = u32::from(sig >> WIDE_LEAD == 0);
    Wide {
        negative: a.negative != b.negative,
        exp: a.exp + b.exp + 1 - short as i32,
        sig: sig << short,
    }
}

/// Adds `c` to a non-zero product, and rounds.
#[inline]
fn add_product<F: Format>(p: Wide, c: Finite, rm: RoundingMode, flags: &mut u64) -> F::Bits {
    if c.sig == 0 {
        return round_pack::<F>(p.negative, p.exp, high_sticky(p.sig), rm, flags);
    }
    let c = Wide {
        negative: c.negative,
        exp: c.exp,
        sig: u128::from(c.sig) << 64,
    };
    let (large, small) = if p.exp >= c.exp { (p, c) } else { (c, p) };
    let aligned = shift_right_sticky_wide(small.sig, (large.exp - small.exp) as u32);
    // As in addition: products have at least 20 zero bits below them, so a shift that is short
    // enough for a long cancellation loses nothing.
    let opposite = large.negative != small.negative;
    let invert = u128::from(opposite).wrapping_neg();
    let sum = large
        .sig
        .wrapping_add((aligned ^ invert).wrapping_sub(invert));
    if sum == 0 {
        return zero::<F>(zero_sum_sign(large.negative, small.negative, rm));
    }
    let reversed = opposite && (sum as i128) < 0;
    let magnitude = if reversed { sum.wrapping_neg() } else { sum };
    let zeros = magnitude.leading_zeros();
    let sig = shift_right_sticky(high_sticky(magnitude << zeros), 127 - WIDE_LEAD);
    let exp = large.exp + (127 - WIDE_LEAD) as i32 - zeros as i32;
    round_pack::<F>(large.negative != reversed, exp, sig, rm, flags)
}

/// Adds `c` to a product that is an exact zero.
#[cold]
fn add_to_zero<F: Format>(negative: bool, c: Finite, rm: RoundingMode, flags: &mut u64) -> F::Bits {
    if c.sig == 0 {
        return zero::<F>(zero_sum_sign(negative, c.negative, rm));
    }
    round_pack::<F>(c.negative, c.exp, c.sig, rm, flags)
}

#[cold]
fn mul_add_special<F: Format>(a: u64, b: u64, c: u64, flags: &mut u64) -> F::Bits {
    let has_zero = a & !F::SIGN == 0 || b & !F::SIGN == 0;
    let has_infinity = a & !F::SIGN == F::INFINITY || b & !F::SIGN == F::INFINITY;
    if has_zero && has_infinity {
        // Invalid even if `c` is a quiet NaN (RISC-V Unprivileged, "F", Single-Precision
        // Floating-Point Computational Instructions).
        *flags |= flags::INVALID;
    }
    if is_nan::<F>(a) || is_nan::<F>(b) || is_nan::<F>(c) {
        return propagate::<F>(&[a, b, c], flags);
    }
    if !has_infinity {
        return F::from_raw(c);
    }
    let negative = is_negative::<F>(a ^ b);
    if has_zero || (is_special::<F>(c) && is_negative::<F>(c) != negative) {
        return invalid::<F>(flags);
    }
    infinity::<F>(negative)
}
