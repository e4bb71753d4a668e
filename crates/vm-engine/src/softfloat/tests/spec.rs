//! What the RISC-V manual says in so many words, on any host.

use vm_core::float::RoundingMode::{self, Down, NearestAway, NearestEven, TowardZero, Up};
use vm_core::float::flags::{DIV_BY_ZERO, INEXACT, INVALID, OVERFLOW, UNDERFLOW};

use super::{MODES, raised};
use crate::softfloat::{
    F16, F32, F64, Format, add, classify, compare_quiet, compare_signaling, convert, div, eq,
    is_signaling, le, lt, max, min, mul, mul_add, sqrt, sub, to_i32, to_i64, to_u32, to_u64,
};

const QUIET: u32 = 0x7fc0_1234;
const SIGNALING: u32 = 0x7f80_1234;
const CANONICAL: u32 = 0x7fc0_0000;
const INFINITY: u32 = 0x7f80_0000;
const MAX: u32 = 0x7f7f_ffff;
const ONE: u32 = 0x3f80_0000;
const MINUS: u32 = 1 << 31;

#[test]
fn constants_are_those_of_the_formats() {
    assert_eq!((F16::CANONICAL_NAN, F16::BIAS), (0x7e00, 15));
    assert_eq!((F32::CANONICAL_NAN, F32::BIAS), (0x7fc0_0000, 127));
    assert_eq!(
        (F64::CANONICAL_NAN, F64::BIAS),
        (0x7ff8_0000_0000_0000, 1023)
    );
    assert_eq!(
        (F16::SIGN, F32::SIGN, F64::SIGN),
        (1 << 15, 1 << 31, 1 << 63)
    );
}

#[test]
fn nan_results_are_canonical_and_signaling_operands_invalid() {
    for (operand, flags) in [(QUIET, 0), (QUIET | MINUS, 0), (SIGNALING, INVALID)] {
        for rm in MODES {
            let results = [
                raised(|f| add::<F32>(operand, ONE, rm, f)),
                raised(|f| sub::<F32>(ONE, operand, rm, f)),
                raised(|f| mul::<F32>(operand, ONE, rm, f)),
                raised(|f| div::<F32>(ONE, operand, rm, f)),
                raised(|f| sqrt::<F32>(operand, rm, f)),
                raised(|f| mul_add::<F32>(ONE, ONE, operand, rm, f)),
            ];
            assert_eq!(results, [(CANONICAL, flags); 6], "{operand:#x} {rm:?}");
            let widened = raised(|f| convert::<F32, F64>(operand, rm, f));
            assert_eq!(widened, (F64::CANONICAL_NAN, flags));
        }
    }
}

#[test]
fn undefined_results_are_invalid() {
    let results = [
        raised(|f| add::<F32>(INFINITY, INFINITY | MINUS, NearestEven, f)),
        raised(|f| sub::<F32>(INFINITY, INFINITY, NearestEven, f)),
        raised(|f| mul::<F32>(INFINITY, MINUS, NearestEven, f)),
        raised(|f| div::<F32>(0, MINUS, NearestEven, f)),
        raised(|f| div::<F32>(INFINITY, INFINITY, NearestEven, f)),
        raised(|f| sqrt::<F32>(ONE | MINUS, NearestEven, f)),
        raised(|f| sqrt::<F32>(INFINITY | MINUS, NearestEven, f)),
        raised(|f| mul_add::<F32>(INFINITY, ONE, INFINITY | MINUS, NearestEven, f)),
        // Even with a quiet NaN to add.
        raised(|f| mul_add::<F32>(INFINITY, 0, QUIET, NearestEven, f)),
        raised(|f| mul_add::<F32>(0, INFINITY, QUIET, NearestEven, f)),
    ];
    assert_eq!(results, [(CANONICAL, INVALID); 10]);
}

#[test]
fn infinities_and_zeros_are_exact() {
    assert_eq!(
        raised(|f| div::<F32>(ONE, MINUS, Up, f)),
        (INFINITY | MINUS, DIV_BY_ZERO)
    );
    assert_eq!(
        raised(|f| div::<F32>(INFINITY, MINUS, Up, f)),
        (INFINITY | MINUS, 0)
    );
    assert_eq!(
        raised(|f| div::<F32>(ONE | MINUS, INFINITY, Up, f)),
        (MINUS, 0)
    );
    assert_eq!(raised(|f| sqrt::<F32>(MINUS, Up, f)), (MINUS, 0));
    assert_eq!(
        raised(|f| add::<F32>(INFINITY, MAX | MINUS, Up, f)),
        (INFINITY, 0)
    );
    for rm in MODES {
        let zero = if rm == Down { MINUS } else { 0 };
        assert_eq!(raised(|f| sub::<F32>(ONE, ONE, rm, f)), (zero, 0), "{rm:?}");
        assert_eq!(
            raised(|f| mul_add::<F32>(ONE, ONE, ONE | MINUS, rm, f)),
            (zero, 0)
        );
        assert_eq!(raised(|f| mul_add::<F32>(0, ONE, MINUS, rm, f)), (zero, 0));
        assert_eq!(raised(|f| add::<F32>(MINUS, MINUS, rm, f)), (MINUS, 0));
    }
}

#[test]
fn overflow_goes_where_the_mode_says() {
    let expected: [(RoundingMode, u32, u32); 5] = [
        (NearestEven, INFINITY, INFINITY),
        (NearestAway, INFINITY, INFINITY),
        (TowardZero, MAX, MAX),
        (Down, MAX, INFINITY),
        (Up, INFINITY, MAX),
    ];
    for (rm, positive, negative) in expected {
        let flags = OVERFLOW | INEXACT;
        assert_eq!(
            raised(|f| add::<F32>(MAX, MAX, rm, f)),
            (positive, flags),
            "{rm:?}"
        );
        let result = raised(|f| mul::<F32>(MAX, MAX | MINUS, rm, f));
        assert_eq!(result, (negative | MINUS, flags), "{rm:?}");
    }
}

#[test]
fn tininess_is_detected_after_rounding() {
    // (1 - 2^-24) × 2^-126 has 24 significant bits: exact with an unbounded exponent, so tiny,
    // although it rounds to the smallest normal number.
    let below_one = 0x3f7f_ffff;
    let smallest_normal = 0x0080_0000;
    let result = raised(|f| mul::<F32>(smallest_normal, below_one, NearestEven, f));
    assert_eq!(result, (smallest_normal, UNDERFLOW | INEXACT));
    // (1 - 2^-25) × 2^-126 has 25 and rounds up to the smallest normal number: not tiny. It is
    // -2^-75 × 2^-76 + 2^-126.
    let (a, b) = (((127 - 75) << 23) | MINUS, (127 - 76) << 23);
    let result = raised(|f| mul_add::<F32>(a, b, smallest_normal, NearestEven, f));
    assert_eq!(result, (smallest_normal, INEXACT));
    // An exact subnormal result raises nothing.
    assert_eq!(
        raised(|f| mul::<F32>(smallest_normal, 0x3f00_0000, Up, f)),
        (0x0040_0000, 0)
    );
}

#[test]
fn flags_accumulate() {
    let mut flags = OVERFLOW;
    div::<F32>(ONE, 0, NearestEven, &mut flags);
    add::<F32>(ONE, ONE, NearestEven, &mut flags);
    assert_eq!(flags, OVERFLOW | DIV_BY_ZERO);
}

#[test]
fn minimum_and_maximum_prefer_numbers() {
    assert_eq!(raised(|f| min::<F32>(0, MINUS, f)), (MINUS, 0));
    assert_eq!(raised(|f| max::<F32>(MINUS, 0, f)), (0, 0));
    for (nan, flags) in [(QUIET, 0), (SIGNALING, INVALID)] {
        assert_eq!(raised(|f| min::<F32>(nan, ONE, f)), (ONE, flags));
        assert_eq!(raised(|f| max::<F32>(ONE, nan, f)), (ONE, flags));
        assert_eq!(raised(|f| min::<F32>(nan, QUIET, f)), (CANONICAL, flags));
        assert_eq!(raised(|f| max::<F32>(QUIET, nan, f)), (CANONICAL, flags));
    }
}

#[test]
fn ordered_comparisons_signal_any_nan() {
    for (nan, quiet_flags) in [(QUIET, 0), (SIGNALING, INVALID)] {
        assert_eq!(raised(|f| eq::<F32>(nan, nan, f)), (false, quiet_flags));
        assert_eq!(
            raised(|f| compare_quiet::<F32>(ONE, nan, f)),
            (None, quiet_flags)
        );
        assert_eq!(raised(|f| lt::<F32>(nan, ONE, f)), (false, INVALID));
        assert_eq!(raised(|f| le::<F32>(ONE, nan, f)), (false, INVALID));
        assert_eq!(
            raised(|f| compare_signaling::<F32>(nan, nan, f)),
            (None, INVALID)
        );
    }
    assert_eq!(raised(|f| eq::<F32>(0, MINUS, f)), (true, 0));
    assert_eq!(raised(|f| lt::<F32>(MINUS, 0, f)), (false, 0));
    assert_eq!(raised(|f| le::<F32>(0, MINUS, f)), (true, 0));
}

#[test]
fn classes_have_the_bits_of_fclass() {
    let numbers = [
        INFINITY | MINUS,
        ONE | MINUS,
        1 | MINUS,
        MINUS,
        0,
        0x007f_ffff,
        MAX,
        INFINITY,
        SIGNALING,
        QUIET,
    ];
    for (bit, number) in numbers.into_iter().enumerate() {
        assert_eq!(classify::<F32>(number), 1 << bit, "{number:#x}");
        assert_eq!(is_signaling::<F32>(number), bit == 8);
    }
}

/// The table of the conversions' domains: what is out of range saturates and is invalid only.
#[test]
fn out_of_range_conversions_saturate() {
    let below = [(-1e30_f64).to_bits(), f64::NEG_INFINITY.to_bits()];
    let above = [
        1e30_f64.to_bits(),
        f64::INFINITY.to_bits(),
        f64::NAN.to_bits(),
        F64::INFINITY | 1,
    ];
    for rm in MODES {
        for a in below {
            assert_eq!(raised(|f| to_i32::<F64>(a, rm, f)), (i32::MIN, INVALID));
            assert_eq!(raised(|f| to_u32::<F64>(a, rm, f)), (0, INVALID));
            assert_eq!(raised(|f| to_i64::<F64>(a, rm, f)), (i64::MIN, INVALID));
            assert_eq!(raised(|f| to_u64::<F64>(a, rm, f)), (0, INVALID));
        }
        for a in above.into_iter().flat_map(|a| [a, a | F64::SIGN]) {
            if a & F64::SIGN != 0 && !f64::from_bits(a).is_nan() {
                continue;
            }
            assert_eq!(raised(|f| to_i32::<F64>(a, rm, f)), (i32::MAX, INVALID));
            assert_eq!(raised(|f| to_u32::<F64>(a, rm, f)), (u32::MAX, INVALID));
            assert_eq!(raised(|f| to_i64::<F64>(a, rm, f)), (i64::MAX, INVALID));
            assert_eq!(raised(|f| to_u64::<F64>(a, rm, f)), (u64::MAX, INVALID));
        }
    }
}

#[test]
fn conversions_round_before_the_range_check() {
    let cases: [(f64, RoundingMode, (i32, u64)); 6] = [
        (2_147_483_647.5, TowardZero, (i32::MAX, INEXACT)),
        (2_147_483_647.5, NearestEven, (i32::MAX, INVALID)),
        (-2_147_483_648.5, NearestEven, (i32::MIN, INEXACT)),
        (-2_147_483_648.5, NearestAway, (i32::MIN, INVALID)),
        (-2_147_483_648.0, Down, (i32::MIN, 0)),
        (2.5, NearestEven, (2, INEXACT)),
    ];
    for (value, rm, expected) in cases {
        assert_eq!(
            raised(|f| to_i32::<F64>(value.to_bits(), rm, f)),
            expected,
            "{value} {rm:?}"
        );
    }
    let minus_half = (-0.5_f64).to_bits();
    assert_eq!(
        raised(|f| to_u64::<F64>(minus_half, NearestEven, f)),
        (0, INEXACT)
    );
    assert_eq!(raised(|f| to_u64::<F64>(minus_half, Down, f)), (0, INVALID));
    assert_eq!(
        raised(|f| to_u32::<F64>(minus_half, NearestAway, f)),
        (0, INVALID)
    );
    assert_eq!(raised(|f| to_u32::<F64>(F64::SIGN, Down, f)), (0, 0));
}
