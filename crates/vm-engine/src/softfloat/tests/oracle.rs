//! Every operation against Berkeley SoftFloat: bits and flags, in every rounding mode.

use std::fmt::Debug;

use vm_core::float::RoundingMode;

use super::berkeley::{self, Oracle, oracle_raised};
use super::values::{Operands, interesting};
use super::{MODES, raised};
use crate::softfloat::{
    F16, F32, F64, Format, add, convert, div, eq, from_i32, from_i64, from_u32, from_u64, le, lt,
    mul, mul_add, round_to_integral, sqrt, sub, to_i32, to_i64, to_u32, to_u64,
};

/// Random operand sets per operation and format; each is used in all five rounding modes.
const RANDOM: u32 = 100_000;

/// Asserts that both compute the same result and raise the same flags.
fn check<R: PartialEq + Debug>(
    name: &str,
    operands: &[u64],
    rm: RoundingMode,
    ours: impl FnOnce(&mut u64) -> R,
    theirs: impl FnOnce() -> R,
) {
    let (ours, theirs) = (raised(ours), oracle_raised(rm, theirs));
    assert!(
        ours == theirs,
        "{name} {operands:#x?} {rm:?}: result and flags are {ours:#x?}, should be {theirs:#x?}",
    );
}

/// Calls `operation` with all pairs of interesting operands and with random pairs.
fn for_pairs<F: Format>(mut operation: impl FnMut(u64, u64, RoundingMode)) {
    let table = interesting::<F>();
    let mut random = Operands::<F>::new(1);
    let pairs = table
        .iter()
        .flat_map(|&a| table.iter().map(move |&b| (a, b)));
    let random_pairs = (0..RANDOM).map(|_| {
        let a = random.any();
        (a, random.partner(a))
    });
    for (a, b) in pairs.chain(random_pairs) {
        for rm in MODES {
            operation(a, b, rm);
        }
    }
}

/// Calls `operation` with the interesting operands and with random ones.
fn for_each<F: Format>(mut operation: impl FnMut(u64, RoundingMode)) {
    let mut random = Operands::<F>::new(2);
    let table = interesting::<F>();
    for a in table
        .into_iter()
        .chain((0..RANDOM).map(|_| random.radicand()))
    {
        for rm in MODES {
            operation(a, rm);
        }
    }
}

/// Calls `operation` with integers of every length, and their neighbours.
fn for_integers(mut operation: impl FnMut(u64, RoundingMode)) {
    let mut random = Operands::<F64>::new(3);
    let powers = (0..64).flat_map(|n| [(1_u64 << n) - 1, 1 << n, (1 << n) + 1]);
    let negated = powers.clone().map(u64::wrapping_neg);
    let random = (0..RANDOM).map(|_| {
        let value = random.bits() >> random.below(64);
        if random.below(2) == 0 {
            value
        } else {
            value.wrapping_neg()
        }
    });
    for value in powers.chain(negated).chain(random) {
        for rm in MODES {
            operation(value, rm);
        }
    }
}

type Operation<F> =
    fn(<F as Format>::Bits, <F as Format>::Bits, RoundingMode, &mut u64) -> <F as Format>::Bits;
type OracleOperation = fn(u64, u64) -> u64;

fn arithmetic<F: Oracle>() {
    let operations: [(&str, Operation<F>, OracleOperation); 4] = [
        ("add", add::<F>, F::add),
        ("sub", sub::<F>, F::sub),
        ("mul", mul::<F>, F::mul),
        ("div", div::<F>, F::div),
    ];
    for (name, ours, theirs) in operations {
        for_pairs::<F>(|a, b, rm| {
            let (x, y) = (F::from_raw(a), F::from_raw(b));
            check(
                name,
                &[a, b],
                rm,
                |flags| ours(x, y, rm, flags).into(),
                || theirs(a, b),
            );
        });
    }
}

#[test]
fn arithmetic_matches() {
    arithmetic::<F16>();
    arithmetic::<F32>();
    arithmetic::<F64>();
}

fn fused<F: Oracle>() {
    let one = |a: u64, b: u64, c: u64, rm| {
        let (x, y, z) = (F::from_raw(a), F::from_raw(b), F::from_raw(c));
        let ours = |flags: &mut u64| mul_add::<F>(x, y, z, rm, flags).into();
        check("mul_add", &[a, b, c], rm, ours, || F::mul_add(a, b, c));
    };
    let table = interesting::<F>();
    let mut random = Operands::<F>::new(4);
    for &a in &table {
        for &b in &table {
            for &c in &table {
                for rm in MODES {
                    one(a, b, c, rm);
                }
            }
        }
    }
    for _ in 0..RANDOM {
        let a = random.any();
        let b = random.partner(a);
        let c = random.addend(a, b);
        for rm in MODES {
            one(a, b, c, rm);
        }
    }
}

#[test]
fn fused_multiply_add_matches() {
    fused::<F16>();
    fused::<F32>();
    fused::<F64>();
}

fn roots<F: Oracle>() {
    for_each::<F>(|a, rm| {
        let ours = |flags: &mut u64| sqrt::<F>(F::from_raw(a), rm, flags).into();
        check("sqrt", &[a], rm, ours, || F::sqrt(a));
    });
}

#[test]
fn square_root_matches() {
    roots::<F16>();
    roots::<F32>();
    roots::<F64>();
}

fn comparisons<F: Oracle>() {
    for_pairs::<F>(|a, b, rm| {
        let (x, y) = (F::from_raw(a), F::from_raw(b));
        check(
            "eq",
            &[a, b],
            rm,
            |flags| eq::<F>(x, y, flags),
            || F::eq(a, b),
        );
        check(
            "lt",
            &[a, b],
            rm,
            |flags| lt::<F>(x, y, flags),
            || F::lt(a, b),
        );
        check(
            "le",
            &[a, b],
            rm,
            |flags| le::<F>(x, y, flags),
            || F::le(a, b),
        );
    });
}

#[test]
fn comparison_matches() {
    comparisons::<F16>();
    comparisons::<F32>();
    comparisons::<F64>();
}

fn integers_from<F: Oracle>() {
    for_each::<F>(|a, rm| {
        let (x, mode) = (F::from_raw(a), rm as u8);
        let theirs = || F::to_i32(a, mode);
        check(
            "to_i32",
            &[a],
            rm,
            |flags| to_i32::<F>(x, rm, flags),
            theirs,
        );
        let theirs = || F::to_u32(a, mode);
        check(
            "to_u32",
            &[a],
            rm,
            |flags| to_u32::<F>(x, rm, flags),
            theirs,
        );
        let theirs = || F::to_i64(a, mode);
        check(
            "to_i64",
            &[a],
            rm,
            |flags| to_i64::<F>(x, rm, flags),
            theirs,
        );
        let theirs = || F::to_u64(a, mode);
        check(
            "to_u64",
            &[a],
            rm,
            |flags| to_u64::<F>(x, rm, flags),
            theirs,
        );
    });
}

#[test]
fn conversion_to_integers_matches() {
    integers_from::<F16>();
    integers_from::<F32>();
    integers_from::<F64>();
}

fn integers_to<F: Oracle>() {
    for_integers(|value, rm| {
        let ours = |flags: &mut u64| from_i32::<F>(value as i32, rm, flags).into();
        check("from_i32", &[value], rm, ours, || F::from_i32(value as i32));
        let ours = |flags: &mut u64| from_u32::<F>(value as u32, rm, flags).into();
        check("from_u32", &[value], rm, ours, || F::from_u32(value as u32));
        let ours = |flags: &mut u64| from_i64::<F>(value as i64, rm, flags).into();
        check("from_i64", &[value], rm, ours, || F::from_i64(value as i64));
        let ours = |flags: &mut u64| from_u64::<F>(value, rm, flags).into();
        check("from_u64", &[value], rm, ours, || F::from_u64(value));
    });
}

#[test]
fn conversion_from_integers_matches() {
    integers_to::<F16>();
    integers_to::<F32>();
    integers_to::<F64>();
}

fn integral_values<F: Oracle>() {
    for_each::<F>(|a, rm| {
        for exact in [false, true] {
            let ours =
                |flags: &mut u64| round_to_integral::<F>(F::from_raw(a), rm, exact, flags).into();
            check("round", &[a], rm, ours, || F::round(a, rm as u8, exact));
        }
    });
}

#[test]
fn rounding_to_integral_values_matches() {
    integral_values::<F16>();
    integral_values::<F32>();
    integral_values::<F64>();
}

fn conversions<From: Format, To: Format>(theirs: fn(u64) -> u64) {
    for_each::<From>(|a, rm| {
        let ours = |flags: &mut u64| convert::<From, To>(From::from_raw(a), rm, flags).into();
        check("convert", &[a], rm, ours, || theirs(a));
    });
}

#[test]
fn conversion_between_formats_matches() {
    conversions::<F16, F32>(berkeley::f16_to_f32);
    conversions::<F16, F64>(berkeley::f16_to_f64);
    conversions::<F32, F16>(berkeley::f32_to_f16);
    conversions::<F32, F64>(berkeley::f32_to_f64);
    conversions::<F64, F16>(berkeley::f64_to_f16);
    conversions::<F64, F32>(berkeley::f64_to_f32);
}
