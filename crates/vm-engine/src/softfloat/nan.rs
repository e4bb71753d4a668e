//! What an operation returns when an operand is a NaN, or when it has no result.
//!
//! RISC-V returns the canonical NaN and drops payloads (Unprivileged, "F", NaN Generation and
//! Propagation). An architecture that propagates payloads needs other
//! [`propagate`] and [`convert_nan`] only.

use vm_core::float::flags;

use super::format::Format;

/// Whether the bit pattern is a NaN of either kind.
#[inline]
pub(super) fn is_nan<F: Format>(raw: u64) -> bool {
    raw & !F::SIGN > F::INFINITY
}

/// Whether the bit pattern is an infinity or a NaN.
#[inline]
pub(super) fn is_special<F: Format>(raw: u64) -> bool {
    raw & F::INFINITY == F::INFINITY
}

/// Whether the bit pattern is a signaling NaN.
#[inline]
pub fn is_signaling<F: Format>(bits: F::Bits) -> bool {
    let raw: u64 = bits.into();
    is_nan::<F>(raw) && raw & F::QUIET_BIT == 0
}

/// Raises invalid if any of the operands is a signaling NaN (IEEE 754-2019 §6.2).
#[inline]
pub(super) fn signal<F: Format>(operands: &[u64], flags: &mut u64) {
    if operands
        .iter()
        .any(|&raw| is_signaling::<F>(F::from_raw(raw)))
    {
        *flags |= flags::INVALID;
    }
}

/// The result of an operation of which at least one operand is a NaN.
#[cold]
pub(super) fn propagate<F: Format>(operands: &[u64], flags: &mut u64) -> F::Bits {
    signal::<F>(operands, flags);
    F::from_raw(F::CANONICAL_NAN)
}

/// A NaN of format `From` as a result of format `To`.
#[cold]
pub(super) fn convert_nan<From: Format, To: Format>(raw: u64, flags: &mut u64) -> To::Bits {
    signal::<From>(&[raw], flags);
    To::from_raw(To::CANONICAL_NAN)
}

/// The result of an operation that is invalid for operands which are not NaNs.
#[cold]
pub(super) fn invalid<F: Format>(flags: &mut u64) -> F::Bits {
    *flags |= flags::INVALID;
    F::from_raw(F::CANONICAL_NAN)
}
