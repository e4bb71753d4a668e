//! Comparison, minimum and maximum (IEEE 754-2019 §5.6.1, §5.11, §9.6).

use std::cmp::Ordering;

use vm_core::float::flags;

use super::format::Format;
use super::nan::{is_nan, propagate, signal};
use super::unpack::is_negative;

/// Maps numbers that are not NaNs to integers of the same order, with -0 just below +0.
#[inline]
fn order_key<F: Format>(raw: u64) -> i64 {
    let magnitude = (raw & !F::SIGN) as i64;
    if is_negative::<F>(raw) {
        !magnitude
    } else {
        magnitude
    }
}

/// Compares numbers that are not NaNs. Zeros of either sign are equal.
#[inline]
fn order<F: Format>(a: u64, b: u64) -> Ordering {
    if (a | b) & !F::SIGN == 0 {
        return Ordering::Equal;
    }
    order_key::<F>(a).cmp(&order_key::<F>(b))
}

/// How `a` compares with `b`; `None` is unordered. Only a signaling NaN is invalid.
#[inline]
pub fn compare_quiet<F: Format>(a: F::Bits, b: F::Bits, flags: &mut u64) -> Option<Ordering> {
    let (a, b): (u64, u64) = (a.into(), b.into());
    if is_nan::<F>(a) || is_nan::<F>(b) {
        signal::<F>(&[a, b], flags);
        return None;
    }
    Some(order::<F>(a, b))
}

/// How `a` compares with `b`; `None` is unordered. Any NaN is invalid.
#[inline]
pub fn compare_signaling<F: Format>(a: F::Bits, b: F::Bits, flags: &mut u64) -> Option<Ordering> {
    let (a, b): (u64, u64) = (a.into(), b.into());
    if is_nan::<F>(a) || is_nan::<F>(b) {
        *flags |= flags::INVALID;
        return None;
    }
    Some(order::<F>(a, b))
}

/// `a = b`, a quiet comparison (RISC-V `feq`).
#[inline]
pub fn eq<F: Format>(a: F::Bits, b: F::Bits, flags: &mut u64) -> bool {
    compare_quiet::<F>(a, b, flags) == Some(Ordering::Equal)
}

/// `a < b`, a signaling comparison (RISC-V `flt`).
#[inline]
pub fn lt<F: Format>(a: F::Bits, b: F::Bits, flags: &mut u64) -> bool {
    compare_signaling::<F>(a, b, flags) == Some(Ordering::Less)
}

/// `a ≤ b`, a signaling comparison (RISC-V `fle`).
#[inline]
pub fn le<F: Format>(a: F::Bits, b: F::Bits, flags: &mut u64) -> bool {
    matches!(
        compare_signaling::<F>(a, b, flags),
        Some(Ordering::Less | Ordering::Equal)
    )
}

/// IEEE 754-2019 minimumNumber (RISC-V `fmin`): -0 is below +0, a number beats a NaN.
#[inline]
pub fn min<F: Format>(a: F::Bits, b: F::Bits, flags: &mut u64) -> F::Bits {
    select::<F>(a, b, Ordering::Less, flags)
}

/// IEEE 754-2019 maximumNumber (RISC-V `fmax`): +0 is above -0, a number beats a NaN.
#[inline]
pub fn max<F: Format>(a: F::Bits, b: F::Bits, flags: &mut u64) -> F::Bits {
    select::<F>(a, b, Ordering::Greater, flags)
}

/// The operand that compares as `wanted` with the other one.
fn select<F: Format>(a: F::Bits, b: F::Bits, wanted: Ordering, flags: &mut u64) -> F::Bits {
    let (x, y): (u64, u64) = (a.into(), b.into());
    match (is_nan::<F>(x), is_nan::<F>(y)) {
        (false, false) if order_key::<F>(x).cmp(&order_key::<F>(y)) == wanted => a,
        (false, false) => b,
        (true, true) => propagate::<F>(&[x, y], flags),
        (x_nan, _) => {
            signal::<F>(&[x, y], flags);
            if x_nan { b } else { a }
        }
    }
}
