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
    let root = integer_root(x);
    (root << (LEAD / 2), root * root == x)
}

/// The root of `x` ÷ 2^62, scaled by 2^62, to 57 significant bits, and whether exact.
///
/// One step of schoolbook extraction: 32 bits of root from the radicand as it is, and 25 more
/// by dividing the remainder by twice that root.
#[inline]
fn root(x: u64) -> (u64, bool) {
    const STEP: u32 = 25;
    let high = integer_root(x);
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

/// Entries of [`RECIPROCALS`]: one for every value of the top byte from 2^62 on.
const ENTRIES: usize = 192;

/// 2^16 ÷ √v for v in the middle of each interval of 1..4 that a top byte stands for.
static RECIPROCALS: [u16; ENTRIES] = {
    let mut table = [0; ENTRIES];
    let mut i = 0;
    while i < ENTRIES {
        // v = (2 × (64 + i) + 1) ÷ 128.
        table[i] = ((1_u64 << 39) / (2 * i as u64 + 129)).isqrt() as u16;
        i += 1;
    }
    table
};

/// The integer square root of `x`, which is in 2^62..2^64.
///
/// Much faster than `u64::isqrt`, which divides: one Newton step on a reciprocal from a table,
/// one on the root, and a correction.
#[inline]
fn integer_root(x: u64) -> u64 {
    // With v = x ÷ 2^62: 1 ÷ √v to 8 bits, scaled by 2^16.
    let index = ((x >> 56) as usize).saturating_sub(64).min(ENTRIES - 1);
    let estimate = u64::from(RECIPROCALS[index]);
    // r' = r × (3 - v × r²) ÷ 2 to 15 bits, scaled by 2^32.
    let product = (x >> 32) * (estimate * estimate);
    let reciprocal = (estimate * (((3 << 62) - product) >> 30)) >> 17;
    // √v = v × r', scaled by 2^31; then the remainder × r' ÷ 2 makes it 30 bits.
    let root = ((x >> 32) * reciprocal) >> 31;
    let remainder = x.wrapping_sub(root.wrapping_mul(root)) as i64;
    let step = (i128::from(remainder) * i128::from(reciprocal)) >> 64;
    // s + (v - s²) ÷ 2√v never exceeds √v, and the truncations round down: what is missing is
    // two units at most.
    let mut root = root.wrapping_add_signed(step as i64);
    while u128::from(root + 1) * u128::from(root + 1) <= x.into() {
        root += 1;
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integer_roots_are_exact() {
        let squares = (1_u64 << 31..1 << 32)
            .step_by(65_521)
            .chain([(1 << 32) - 1]);
        for square in squares.map(|root| root * root) {
            for x in [square, square.wrapping_sub(1), square + 1] {
                if x >> 62 != 0 {
                    assert_eq!(integer_root(x), x.isqrt(), "{x:#x}");
                }
            }
        }
        for top in 64..256_u64 {
            for x in [top << 56, (top << 56) | ((1 << 56) - 1)] {
                assert_eq!(integer_root(x), x.isqrt(), "{x:#x}");
            }
        }
    }
}
