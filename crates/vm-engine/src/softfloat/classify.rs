//! The class of a number (IEEE 754-2019 §5.7.2).

use super::format::Format;
use super::nan::{is_nan, is_signaling};
use super::unpack::is_negative;

/// The class as RISC-V's `fclass` reports it: exactly one of ten bits is set.
///
/// From bit 0: -∞, negative normal, negative subnormal, -0, +0, positive subnormal, positive
/// normal, +∞, signaling NaN, quiet NaN. Raises nothing.
pub fn classify<F: Format>(a: F::Bits) -> u64 {
    let raw: u64 = a.into();
    if is_nan::<F>(raw) {
        return if is_signaling::<F>(a) { 1 << 8 } else { 1 << 9 };
    }
    let magnitude = raw & !F::SIGN;
    // Distance from zero: 0 for zero, 3 for infinity.
    let rank = if magnitude == 0 {
        0
    } else if magnitude <= F::FRAC_MASK {
        1
    } else if magnitude < F::INFINITY {
        2
    } else {
        3
    };
    if is_negative::<F>(raw) {
        1 << (3 - rank)
    } else {
        1 << (4 + rank)
    }
}
