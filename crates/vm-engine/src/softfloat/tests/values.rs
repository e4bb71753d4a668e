//! Operands: the interesting ones, and random ones that meet often at the interesting places.

use vm_core::float::RoundingMode::NearestEven;

use crate::softfloat::{Format, mul};

/// 2^`exp`, subnormal or not; `None` outside the format.
fn power_of_two<F: Format>(exp: i32) -> Option<u64> {
    let field = exp + F::BIAS;
    if field >= F::EXP_SPECIAL as i32 {
        None
    } else if field > 0 {
        Some((field as u64) << F::FRAC_BITS)
    } else {
        let bit = F::FRAC_BITS as i32 - 1 + field;
        (bit >= 0).then(|| 1 << bit)
    }
}

/// Numbers of both signs at which something changes: the ends of every class, powers of two that
/// matter to rounding and to integer types, with their neighbours, infinities and NaNs.
pub fn interesting<F: Format>() -> Vec<u64> {
    let frac = F::FRAC_BITS as i32;
    let exponents = [
        F::MIN_EXP - frac,
        F::MIN_EXP - frac + 1,
        F::MIN_EXP - 1,
        F::MIN_EXP,
        F::MIN_EXP + 1,
        -frac - 1,
        -frac,
        -2,
        -1,
        0,
        1,
        frac,
        frac + 1,
        31,
        32,
        63,
        64,
        F::BIAS,
    ];
    let mut magnitudes = vec![
        0,
        F::FRAC_MASK,
        F::INFINITY - 1,
        F::INFINITY - 2,
        F::INFINITY,
        F::INFINITY + 1,
        F::CANONICAL_NAN - 1,
        F::CANONICAL_NAN,
        F::CANONICAL_NAN | 0x155,
    ];
    for exp in exponents {
        if let Some(power) = power_of_two::<F>(exp) {
            magnitudes.extend([power - 1, power, power + 1, power | 1 << (F::FRAC_BITS - 1)]);
        }
    }
    magnitudes.sort_unstable();
    magnitudes.dedup();
    magnitudes
        .iter()
        .flat_map(|&magnitude| [magnitude, magnitude | F::SIGN])
        .collect()
}

/// A deterministic generator (SplitMix64) of operands of one format.
pub struct Operands<F> {
    state: u64,
    table: Vec<u64>,
    format: std::marker::PhantomData<F>,
}

impl<F: Format> Operands<F> {
    /// A generator whose sequence is a function of the seed.
    pub fn new(seed: u64) -> Self {
        Self {
            state: seed,
            table: interesting::<F>(),
            format: std::marker::PhantomData,
        }
    }

    /// 64 uniform bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// An integer in 0..`limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.bits() % limit
    }

    /// An integer in -`range`..=`range`.
    fn around_zero(&mut self, range: i64) -> i64 {
        self.below(2 * range as u64 + 1) as i64 - range
    }

    /// A trailing significand, often with the long runs of equal bits that rounding is about.
    fn frac(&mut self) -> u64 {
        let run = |length: u64| (1 << length) - 1;
        let width = u64::from(F::FRAC_BITS) + 1;
        let frac = match self.below(7) {
            0 | 1 => self.bits(),
            2 => self.bits() & self.bits() & self.bits(),
            3 => self.bits() | self.bits() | self.bits(),
            4 => run(self.below(width)) << self.below(width),
            5 => !(run(self.below(width)) << self.below(width)),
            _ => 1 << self.below(width),
        };
        frac & F::FRAC_MASK
    }

    /// A number with the given exponent field, moved into range.
    fn with_field(&mut self, field: i64) -> u64 {
        let field = field.clamp(0, F::EXP_SPECIAL as i64 - 1) as u64;
        let sign = if self.below(2) == 0 { F::SIGN } else { 0 };
        sign | field << F::FRAC_BITS | self.frac()
    }

    /// Any operand.
    pub fn any(&mut self) -> u64 {
        let bias = i64::from(F::BIAS);
        let precision = i64::from(F::FRAC_BITS) + 3;
        match self.below(8) {
            0 => {
                let index = self.below(self.table.len() as u64);
                self.table[index as usize]
            }
            1 => self.bits() & (F::SIGN | (F::SIGN - 1)),
            2 | 3 => {
                let field = bias + self.around_zero(precision);
                self.with_field(field)
            }
            4 => {
                let field = self.below(4) as i64;
                self.with_field(field)
            }
            5 => {
                let field = 2 * bias - self.below(4) as i64;
                self.with_field(field)
            }
            6 => {
                let field = bias + self.below(70) as i64;
                self.with_field(field)
            }
            _ => self.with_field(0) >> self.below(u64::from(F::FRAC_BITS)),
        }
    }

    /// A neighbour of `a`, a few units in the last place away, of either sign.
    fn neighbour(&mut self, a: u64) -> u64 {
        let sign = if self.below(2) == 0 { F::SIGN } else { 0 };
        let near = a.wrapping_add_signed(self.around_zero(3)) & (F::SIGN | (F::SIGN - 1));
        near ^ sign
    }

    /// An operand to meet `a`: so that they cancel, align at the edge of the precision, or have
    /// a product or quotient near one end of the exponent range or near 1.
    pub fn partner(&mut self, a: u64) -> u64 {
        let bias = i64::from(F::BIAS);
        let precision = i64::from(F::FRAC_BITS) + 3;
        let field = ((a >> F::FRAC_BITS) & F::EXP_SPECIAL) as i64;
        let target = match self.below(8) {
            0 | 1 => return self.any(),
            2 => return self.neighbour(a),
            3 => field + self.around_zero(precision),
            4 => bias - field + self.around_zero(precision),
            5 => 3 * bias - field + self.around_zero(2),
            6 => field + bias + self.around_zero(precision),
            _ => field - bias + self.around_zero(2),
        };
        self.with_field(target)
    }

    /// An addend to meet `a` × `b`: so that they cancel or align at the edge of the precision.
    pub fn addend(&mut self, a: u64, b: u64) -> u64 {
        let product = mul::<F>(F::from_raw(a), F::from_raw(b), NearestEven, &mut 0).into();
        match self.below(4) {
            0 => self.any(),
            1 => self.neighbour(product),
            _ => {
                let range = 2 * i64::from(F::FRAC_BITS) + 4;
                let field = (product >> F::FRAC_BITS) & F::EXP_SPECIAL;
                let target = field as i64 + self.around_zero(range);
                self.with_field(target)
            }
        }
    }

    /// An operand of a square root: often a square, or next to one.
    pub fn radicand(&mut self) -> u64 {
        let a = self.any();
        match self.below(3) {
            0 => mul::<F>(F::from_raw(a), F::from_raw(a), NearestEven, &mut 0).into(),
            1 => self.neighbour(a),
            _ => a,
        }
    }
}
