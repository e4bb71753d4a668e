//! Multiplication (IEEE 754-2019 §5.4.1).

use vm_core::float::RoundingMode;

use super::format::Format;
use super::nan::{invalid, is_nan, is_special, propagate};
use super::round::round_pack;
use super::unpack::{LEAD, high_sticky, infinity, is_negative, unpack, zero};

/// `a × b`.
pub fn mul<F: Format>(a: F::Bits, b: F::Bits, rm: RoundingMode, flags: &mut u64) -> F::Bits {
    let (a, b): (u64, u64) = (a.into(), b.into());
    if is_special::<F>(a) || is_special::<F>(b) {
        return mul_special::<F>(a, b, flags);
    }
    let (a, b) = (unpack::<F>(a), unpack::<F>(b));
    let negative = a.negative != b.negative;
    if a.sig == 0 || b.sig == 0 {
        return zero::<F>(negative);
    }
    // In 2^125..2^127, so the high half leads at bit 61 or 62.
    let product = u128::from(a.sig << 1) * u128::from(b.sig);
    let short = u32::from(product >> (64 + LEAD) == 0);
    round_pack::<F>(
        negative,
        a.exp + b.exp + 1 - short as i32,
        high_sticky(product << short),
        rm,
        flags,
    )
}

#[cold]
fn mul_special<F: Format>(a: u64, b: u64, flags: &mut u64) -> F::Bits {
    if is_nan::<F>(a) || is_nan::<F>(b) {
        return propagate::<F>(&[a, b], flags);
    }
    if a & !F::SIGN == 0 || b & !F::SIGN == 0 {
        return invalid::<F>(flags);
    }
    infinity::<F>(is_negative::<F>(a ^ b))
}
