//! Square root (IEEE 754-2019 §5.4.1).

use vm_core::float::RoundingMode;

use super::format::Format;
use super::nan::{invalid, is_nan, is_special, propagate};
use super::round::round_pack;
use super::unpack::{LEAD, is_negative, unpack};

/// The square root of `a`; that of -0 is -0.
pub fn sqrt<F: Format>(a: F::Bits, rm: RoundingMode, flags: &mut u64) -> F::Bits {
    let raw: u64 = a.into();
    if is_nan::<F>(raw) {
        return propagate::<F>(&[raw], flags);
    }
    if raw & !F::SIGN == 0 {
        return a;
    }
    if is_negative::<F>(raw) {
        return invalid::<F>(flags);
    }
    if is_special::<F>(raw) {
        return a;
    }
    let x = unpack::<F>(raw);
    // An even exponent halves: the radicand is in 1..4, its root in 1..2.
    let odd = (x.exp & 1) as u32;
    let (root, exact) = if F::WIDTH <= 32 {
        short_root(x.sig << odd)
    } else {
        root(x.sig << odd)
    };
    round_pack::<F>(false, x.exp >> 1, root | u64::from(!exact), rm, flags)
}

/// The root of `x` ÷ 2^62, scaled by 2^62, to 32 significant bits, and whether exact.
#[inline]
fn short_root(x: u64) -> (u64, bool) {
    let root = x.isqrt();
    (root << (LEAD / 2), root * root == x)
}

/// The root of `x` ÷ 2^62, scaled by 2^62, to 57 significant bits, and whether exact.
///
/// One step of schoolbook extraction: 32 bits of root from the radicand as it is, and 25 more
/// by dividing the remainder by twice that root.
#[inline]
fn root(x: u64) -> (u64, bool) {
    const STEP: u32 = 25;
    let high = x.isqrt();
    let low = ((x - high * high) << STEP) / (2 * high);
    let mut root = (high << STEP) + low;
    let radicand = u128::from(x) << (2 * STEP);
    // The quotient leaves out low², so it can be too large, by one at most.
    if u128::from(root) * u128::from(root) > radicand {
        root -= 1;
    }
    (
        root << (LEAD / 2 - STEP),
        u128::from(root) * u128::from(root) == radicand,
    )
}
