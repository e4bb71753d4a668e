//! From bit patterns to sign, exponent and normalised significand.

use super::format::Format;

/// The bit that leads every non-zero significand. Bit 63 is left free for carries.
pub(super) const LEAD: u32 = 62;

/// A finite number: (-1)^`negative` × `sig` × 2^(`exp` - [`LEAD`]).
#[derive(Debug, Clone, Copy)]
pub(super) struct Finite {
    pub(super) negative: bool,
    pub(super) exp: i32,
    /// Zero, or in 2^62..2^63. The low `LEAD - FRAC_BITS` bits are zero.
    pub(super) sig: u64,
}

/// Whether the sign bit is set.
#[inline]
pub(super) fn is_negative<F: Format>(raw: u64) -> bool {
    raw & F::SIGN != 0
}

/// A zero of the given sign.
#[inline]
pub(super) fn zero<F: Format>(negative: bool) -> F::Bits {
    F::from_raw(if negative { F::SIGN } else { 0 })
}

/// An infinity of the given sign.
#[inline]
pub(super) fn infinity<F: Format>(negative: bool) -> F::Bits {
    F::from_raw(F::INFINITY | if negative { F::SIGN } else { 0 })
}

/// Unpacks a bit pattern that is neither an infinity nor a NaN.
///
/// A zero gets an exponent below that of every other number.
#[inline]
pub(super) fn unpack<F: Format>(raw: u64) -> Finite {
    let negative = is_negative::<F>(raw);
    let field = (raw >> F::FRAC_BITS) & F::EXP_SPECIAL;
    let frac = (raw & F::FRAC_MASK) << (LEAD - F::FRAC_BITS);
    if field != 0 {
        return Finite {
            negative,
            exp: field as i32 - F::BIAS,
            sig: frac | 1 << LEAD,
        };
    }
    unpack_subnormal::<F>(negative, frac)
}

#[cold]
fn unpack_subnormal<F: Format>(negative: bool, frac: u64) -> Finite {
    if frac == 0 {
        return Finite {
            negative,
            exp: F::MIN_EXP - LEAD as i32,
            sig: 0,
        };
    }
    let shift = frac.leading_zeros() - (63 - LEAD);
    Finite {
        negative,
        exp: F::MIN_EXP - shift as i32,
        sig: frac << shift,
    }
}

/// Shifts right, keeping in bit 0 whether any set bit was lost ("sticky").
#[inline]
pub(super) fn shift_right_sticky(value: u64, count: u32) -> u64 {
    if count >= u64::BITS {
        return u64::from(value != 0);
    }
    let kept = value >> count;
    kept | u64::from(kept << count != value)
}

/// [`shift_right_sticky`] for 128 bits.
#[inline]
pub(super) fn shift_right_sticky_wide(value: u128, count: u32) -> u128 {
    if count >= u128::BITS {
        return u128::from(value != 0);
    }
    let kept = value >> count;
    kept | u128::from(kept << count != value)
}

/// The high half of a 128-bit significand, with the low half folded into bit 0.
#[inline]
pub(super) fn high_sticky(value: u128) -> u64 {
    (value >> 64) as u64 | u64::from(value as u64 != 0)
}
