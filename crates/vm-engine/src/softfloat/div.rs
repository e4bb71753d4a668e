//! Division (IEEE 754-2019 §5.4.1).

use vm_core::float::{RoundingMode, flags};

use super::format::Format;
use super::nan::{invalid, is_nan, is_special, propagate};
use super::round::round_pack;
use super::unpack::{LEAD, infinity, is_negative, unpack, zero};

/// `a ÷ b`.
pub fn div<F: Format>(a: F::Bits, b: F::Bits, rm: RoundingMode, flags: &mut u64) -> F::Bits {
    let (a, b): (u64, u64) = (a.into(), b.into());
    if is_special::<F>(a) || is_special::<F>(b) {
        return div_special::<F>(a, b, flags);
    }
    let (x, y) = (unpack::<F>(a), unpack::<F>(b));
    let negative = x.negative != y.negative;
    if y.sig == 0 {
        if x.sig == 0 {
            return invalid::<F>(flags);
        }
        *flags |= flags::DIV_BY_ZERO;
        return infinity::<F>(negative);
    }
    if x.sig == 0 {
        return zero::<F>(negative);
    }
    // Scaling a dividend below the divisor keeps the quotient in 2^62..2^63.
    let short = u32::from(x.sig < y.sig);
    let (quotient, exact) = divide::<F>(x.sig << short, y.sig);
    round_pack::<F>(
        negative,
        x.exp - y.exp - short as i32,
        quotient | u64::from(!exact),
        rm,
        flags,
    )
}

/// `x` × 2^62 ÷ `y` to at least the format's precision and two bits more, and whether exact.
///
/// Needs `y` ≤ `x` < 2`y`. Bits beyond the precision that is computed are zero.
#[inline]
fn divide<F: Format>(x: u64, y: u64) -> (u64, bool) {
    if F::WIDTH <= 32 {
        // Significands of at most 24 bits: the scaled dividend fits 64 bits.
        let drop = LEAD - F::FRAC_BITS;
        let (x, y) = (x >> drop, y >> drop);
        let scale = 62 - F::FRAC_BITS;
        let (quotient, remainder) = ((x << scale) / y, (x << scale) % y);
        return (quotient << (LEAD - scale), remainder == 0);
    }
    let (x, y) = (u128::from(x) << LEAD, u128::from(y));
    let quotient = (x / y) as u64;
    (quotient, u128::from(quotient) * y == x)
}

#[cold]
fn div_special<F: Format>(a: u64, b: u64, flags: &mut u64) -> F::Bits {
    if is_nan::<F>(a) || is_nan::<F>(b) {
        return propagate::<F>(&[a, b], flags);
    }
    let negative = is_negative::<F>(a ^ b);
    match (is_special::<F>(a), is_special::<F>(b)) {
        (true, true) => invalid::<F>(flags),
        (true, false) => infinity::<F>(negative),
        _ => zero::<F>(negative),
    }
}
