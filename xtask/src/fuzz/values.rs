//! Values at which instructions are likely to go wrong.

use super::rng::Rng;

const INTEGERS: [u64; 22] = [
    0,
    1,
    2,
    3,
    31,
    32,
    63,
    64,
    0x7f,
    0x80,
    0x7fff,
    0x8000,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x1_0000_0000,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    0xffff_ffff_8000_0000,
    0xffff_ffff_7fff_ffff,
    0xffff_ffff_ffff_ffff,
];

/// Zero, one, limits of normal and subnormal numbers, infinity, NaNs, and the
/// edges of the conversions to integers; without sign.
const SINGLES: [u32; 18] = [
    0x0000_0000,
    0x3f80_0000,
    0x3f80_0001,
    0x3f00_0000,
    0x0000_0001,
    0x007f_ffff,
    0x0080_0000,
    0x7f7f_ffff,
    0x7f80_0000,
    0x7fc0_0000,
    0x7f80_0001,
    0x7fff_ffff,
    0x4f00_0000,
    0x4f80_0000,
    0x5f00_0000,
    0x5f80_0000,
    0x4eff_ffff,
    0x3fc0_0000,
];

const DOUBLES: [u64; 20] = [
    0x0000_0000_0000_0000,
    0x3ff0_0000_0000_0000,
    0x3ff0_0000_0000_0001,
    0x3fe0_0000_0000_0000,
    0x0000_0000_0000_0001,
    0x000f_ffff_ffff_ffff,
    0x0010_0000_0000_0000,
    0x7fef_ffff_ffff_ffff,
    0x7ff0_0000_0000_0000,
    0x7ff8_0000_0000_0000,
    0x7ff0_0000_0000_0001,
    0x7fff_ffff_ffff_ffff,
    0x41df_ffff_ffc0_0000,
    0x41e0_0000_0000_0000,
    0x41f0_0000_0000_0000,
    0x43e0_0000_0000_0000,
    0x43f0_0000_0000_0000,
    0x3810_0000_0000_0000,
    0x36a0_0000_0000_0000,
    0x47ef_ffff_f000_0000,
];

/// The upper half of a register that holds a single (Unprivileged, "NaN Boxing").
const BOX: u64 = 0xffff_ffff_0000_0000;

/// A value of an integer register.
pub fn integer(rng: &mut Rng) -> u64 {
    match rng.below(10) {
        0..4 => *rng.pick(&INTEGERS),
        4 => rng
            .pick(&INTEGERS)
            .wrapping_add(rng.below(9))
            .wrapping_sub(4),
        5 => 1 << rng.below(64),
        6 => i64::from(rng.bits32() as i32) as u64,
        7 => rng.next() >> rng.below(64),
        _ => rng.next(),
    }
}

/// A value of a floating-point register.
pub fn floating(rng: &mut Rng) -> u64 {
    match rng.below(20) {
        0..7 => BOX | u64::from(single(rng)),
        7..15 => double(rng),
        // Not a box: a single that reads as NaN.
        15 => u64::from(single(rng)) | rng.next() << 32,
        16 => integer(rng),
        _ => rng.next(),
    }
}

fn single(rng: &mut Rng) -> u32 {
    let sign = rng.bits32() & 1 << 31;
    sign | match rng.below(4) {
        0..2 => *rng.pick(&SINGLES),
        // Near one another, so that sums cancel and products neither over- nor underflow.
        2 => 0x3f00_0000 + rng.below(0x0180_0000) as u32,
        _ => rng.bits32() & !(1 << 31),
    }
}

fn double(rng: &mut Rng) -> u64 {
    let sign = rng.next() & 1 << 63;
    sign | match rng.below(4) {
        0..2 => *rng.pick(&DOUBLES),
        2 => 0x3fe0_0000_0000_0000 + rng.below(0x0030_0000_0000_0000),
        _ => rng.next() & !(1 << 63),
    }
}
