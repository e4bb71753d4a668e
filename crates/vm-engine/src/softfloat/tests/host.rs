//! Results against the host's own arithmetic, which rounds to nearest, ties to even.
//!
//! It tells no flags, but it is there on every host.

use std::cmp::Ordering;
use std::num::FpCategory;

use vm_core::float::RoundingMode::{NearestEven, TowardZero};

use super::values::{Operands, interesting};
use crate::softfloat::{
    F32, F64, Format, add, classify, compare_quiet, convert, div, from_i64, from_u64, is_signaling,
    max, min, mul, mul_add, sqrt, sub, to_i64, to_u64,
};

const RANDOM: u32 = 50_000;

/// Operand sets in which everything meets everything, then random ones.
fn operands<F: Format>() -> Vec<[u64; 3]> {
    let table = interesting::<F>();
    let mut random = Operands::<F>::new(5);
    let mut sets = Vec::new();
    for &a in &table {
        for &b in &table {
            sets.push([a, b, table[random.below(table.len() as u64) as usize]]);
        }
    }
    for _ in 0..RANDOM {
        let a = random.any();
        let b = random.partner(a);
        sets.push([a, b, random.addend(a, b)]);
    }
    sets
}

macro_rules! host_tests {
    ($module:ident, $format:ident, $bits:ty, $float:ty) => {
        mod $module {
            use super::*;

            fn canonical(value: $float) -> $bits {
                if value.is_nan() {
                    $format::CANONICAL_NAN as $bits
                } else {
                    value.to_bits()
                }
            }

            #[test]
            fn arithmetic_matches_the_host() {
                for set in operands::<$format>() {
                    let [a, b, c] = set.map(|raw| raw as $bits);
                    let [x, y, z] = [a, b, c].map(<$float>::from_bits);
                    let f = &mut 0;
                    let results = [
                        ("add", add::<$format>(a, b, NearestEven, f), x + y),
                        ("sub", sub::<$format>(a, b, NearestEven, f), x - y),
                        ("mul", mul::<$format>(a, b, NearestEven, f), x * y),
                        ("div", div::<$format>(a, b, NearestEven, f), x / y),
                        ("sqrt", sqrt::<$format>(a, NearestEven, f), x.sqrt()),
                        (
                            "mul_add",
                            mul_add::<$format>(a, b, c, NearestEven, f),
                            x.mul_add(y, z),
                        ),
                    ];
                    for (name, ours, host) in results {
                        assert_eq!(ours, canonical(host), "{name} {set:#x?}");
                    }
                }
            }

            #[test]
            fn comparison_matches_the_host() {
                for set in operands::<$format>() {
                    let [a, b, _] = set.map(|raw| raw as $bits);
                    let (x, y) = (<$float>::from_bits(a), <$float>::from_bits(b));
                    assert_eq!(compare_quiet::<$format>(a, b, &mut 0), x.partial_cmp(&y));
                    let (low, high) = match (x.is_nan(), y.is_nan()) {
                        (false, false) if x.total_cmp(&y) == Ordering::Less => (a, b),
                        (false, false) => (b, a),
                        (true, true) => (canonical(x), canonical(x)),
                        (true, false) => (b, b),
                        (false, true) => (a, a),
                    };
                    assert_eq!(min::<$format>(a, b, &mut 0), low, "min {set:#x?}");
                    assert_eq!(max::<$format>(a, b, &mut 0), high, "max {set:#x?}");
                }
            }

            #[test]
            fn integers_match_the_host() {
                for set in operands::<$format>() {
                    let a = set[0] as $bits;
                    let x = <$float>::from_bits(a);
                    if !x.is_nan() {
                        // Rust's casts truncate and saturate.
                        assert_eq!(to_i64::<$format>(a, TowardZero, &mut 0), x as i64, "{a:#x}");
                        assert_eq!(to_u64::<$format>(a, TowardZero, &mut 0), x as u64, "{a:#x}");
                    }
                    let n = set[1].rotate_left(set[2] as u32 % 64);
                    let signed = from_i64::<$format>(n as i64, NearestEven, &mut 0);
                    assert_eq!(signed, (n as i64 as $float).to_bits(), "{n:#x}");
                    let unsigned = from_u64::<$format>(n, NearestEven, &mut 0);
                    assert_eq!(unsigned, (n as $float).to_bits(), "{n:#x}");
                }
            }

            #[test]
            fn classes_match_the_host() {
                for set in operands::<$format>() {
                    let a = set[0] as $bits;
                    let x = <$float>::from_bits(a);
                    let bit = match (x.classify(), x.is_sign_negative()) {
                        (FpCategory::Infinite, true) => 0,
                        (FpCategory::Normal, true) => 1,
                        (FpCategory::Subnormal, true) => 2,
                        (FpCategory::Zero, true) => 3,
                        (FpCategory::Zero, false) => 4,
                        (FpCategory::Subnormal, false) => 5,
                        (FpCategory::Normal, false) => 6,
                        (FpCategory::Infinite, false) => 7,
                        (FpCategory::Nan, _) if is_signaling::<$format>(a) => 8,
                        (FpCategory::Nan, _) => 9,
                    };
                    assert_eq!(classify::<$format>(a), 1 << bit, "{a:#x}");
                }
            }
        }
    };
}

host_tests!(single, F32, u32, f32);
host_tests!(double, F64, u64, f64);

#[test]
fn conversion_between_formats_matches_the_host() {
    for [a, b, _] in operands::<F64>() {
        let (wide, narrow) = (f64::from_bits(a), f32::from_bits(b as u32));
        let ours = convert::<F64, F32>(a, NearestEven, &mut 0);
        if wide.is_nan() {
            assert_eq!(u64::from(ours), F32::CANONICAL_NAN);
        } else {
            assert_eq!(ours, (wide as f32).to_bits(), "{a:#x}");
        }
        let ours = convert::<F32, F64>(b as u32, NearestEven, &mut 0);
        if narrow.is_nan() {
            assert_eq!(ours, F64::CANONICAL_NAN);
        } else {
            assert_eq!(ours, f64::from(narrow).to_bits(), "{b:#x}");
        }
    }
}
