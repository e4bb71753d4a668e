//! Berkeley SoftFloat, in its RISC-V specialisation, on plain bit patterns.
#![allow(unsafe_code, reason = "the oracle is a C library")]

use softfloat_sys as sys;
use vm_core::float::RoundingMode;

use crate::softfloat::{F16, F32, F64, Format};

/// The library's operations on numbers of one format. They round as [`oracle_raised`] has set,
/// but for those that take a mode, in the library's encoding, which is [`RoundingMode`]'s.
pub trait Oracle: Format {
    fn add(a: u64, b: u64) -> u64;
    fn sub(a: u64, b: u64) -> u64;
    fn mul(a: u64, b: u64) -> u64;
    fn div(a: u64, b: u64) -> u64;
    fn sqrt(a: u64) -> u64;
    fn mul_add(a: u64, b: u64, c: u64) -> u64;
    fn eq(a: u64, b: u64) -> bool;
    fn lt(a: u64, b: u64) -> bool;
    fn le(a: u64, b: u64) -> bool;
    fn to_i32(a: u64, rm: u8) -> i32;
    fn to_u32(a: u64, rm: u8) -> u32;
    fn to_i64(a: u64, rm: u8) -> i64;
    fn to_u64(a: u64, rm: u8) -> u64;
    fn from_i32(value: i32) -> u64;
    fn from_u32(value: u32) -> u64;
    fn from_i64(value: i64) -> u64;
    fn from_u64(value: u64) -> u64;
    fn round(a: u64, rm: u8, exact: bool) -> u64;
}

macro_rules! oracle {
    (
        $format:ident, $float:ident($bits:ty);
        arithmetic { $($arithmetic:ident($($operand:ident),+) = $arithmetic_fn:ident;)+ }
        comparison { $($comparison:ident = $comparison_fn:ident;)+ }
        to_integer { $($to:ident() -> $to_type:ty = $to_fn:ident;)+ }
        from_integer { $($from:ident($from_type:ty) = $from_fn:ident;)+ }
        round = $round_fn:ident;
    ) => {
        impl Oracle for $format {
            $(fn $arithmetic($($operand: u64),+) -> u64 {
                // SAFETY: takes and returns numbers; its state is local to the thread.
                unsafe { sys::$arithmetic_fn($(sys::$float { v: $operand as $bits }),+) }.v.into()
            })+
            $(fn $comparison(a: u64, b: u64) -> bool {
                let (a, b) = (sys::$float { v: a as $bits }, sys::$float { v: b as $bits });
                // SAFETY: as in the arithmetic.
                unsafe { sys::$comparison_fn(a, b) }
            })+
            $(fn $to(a: u64, rm: u8) -> $to_type {
                // SAFETY: as in the arithmetic.
                unsafe { sys::$to_fn(sys::$float { v: a as $bits }, rm, true) as $to_type }
            })+
            $(fn $from(value: $from_type) -> u64 {
                // SAFETY: as in the arithmetic.
                unsafe { sys::$from_fn(value) }.v.into()
            })+
            fn round(a: u64, rm: u8, exact: bool) -> u64 {
                // SAFETY: as in the arithmetic.
                unsafe { sys::$round_fn(sys::$float { v: a as $bits }, rm, exact) }.v.into()
            }
        }
    };
}

oracle! {
    F16, float16_t(u16);
    arithmetic {
        add(a, b) = f16_add;
        sub(a, b) = f16_sub;
        mul(a, b) = f16_mul;
        div(a, b) = f16_div;
        sqrt(a) = f16_sqrt;
        mul_add(a, b, c) = f16_mulAdd;
    }
    comparison {
        eq = f16_eq;
        lt = f16_lt;
        le = f16_le;
    }
    to_integer {
        to_i32() -> i32 = f16_to_i32;
        to_u32() -> u32 = f16_to_ui32;
        to_i64() -> i64 = f16_to_i64;
        to_u64() -> u64 = f16_to_ui64;
    }
    from_integer {
        from_i32(i32) = i32_to_f16;
        from_u32(u32) = ui32_to_f16;
        from_i64(i64) = i64_to_f16;
        from_u64(u64) = ui64_to_f16;
    }
    round = f16_roundToInt;
}

oracle! {
    F32, float32_t(u32);
    arithmetic {
        add(a, b) = f32_add;
        sub(a, b) = f32_sub;
        mul(a, b) = f32_mul;
        div(a, b) = f32_div;
        sqrt(a) = f32_sqrt;
        mul_add(a, b, c) = f32_mulAdd;
    }
    comparison {
        eq = f32_eq;
        lt = f32_lt;
        le = f32_le;
    }
    to_integer {
        to_i32() -> i32 = f32_to_i32;
        to_u32() -> u32 = f32_to_ui32;
        to_i64() -> i64 = f32_to_i64;
        to_u64() -> u64 = f32_to_ui64;
    }
    from_integer {
        from_i32(i32) = i32_to_f32;
        from_u32(u32) = ui32_to_f32;
        from_i64(i64) = i64_to_f32;
        from_u64(u64) = ui64_to_f32;
    }
    round = f32_roundToInt;
}

oracle! {
    F64, float64_t(u64);
    arithmetic {
        add(a, b) = f64_add;
        sub(a, b) = f64_sub;
        mul(a, b) = f64_mul;
        div(a, b) = f64_div;
        sqrt(a) = f64_sqrt;
        mul_add(a, b, c) = f64_mulAdd;
    }
    comparison {
        eq = f64_eq;
        lt = f64_lt;
        le = f64_le;
    }
    to_integer {
        to_i32() -> i32 = f64_to_i32;
        to_u32() -> u32 = f64_to_ui32;
        to_i64() -> i64 = f64_to_i64;
        to_u64() -> u64 = f64_to_ui64;
    }
    from_integer {
        from_i32(i32) = i32_to_f64;
        from_u32(u32) = ui32_to_f64;
        from_i64(i64) = i64_to_f64;
        from_u64(u64) = ui64_to_f64;
    }
    round = f64_roundToInt;
}

macro_rules! conversions {
    ($($name:ident($float:ident($bits:ty));)+) => {
        $(pub fn $name(a: u64) -> u64 {
            // SAFETY: takes and returns numbers; its state is local to the thread.
            unsafe { sys::$name(sys::$float { v: a as $bits }) }.v.into()
        })+
    };
}

conversions! {
    f16_to_f32(float16_t(u16));
    f16_to_f64(float16_t(u16));
    f32_to_f16(float32_t(u32));
    f32_to_f64(float32_t(u32));
    f64_to_f16(float64_t(u64));
    f64_to_f32(float64_t(u64));
}

/// Runs an oracle operation with clear flags; returns its result and the flags that it raised.
pub fn oracle_raised<R>(rm: RoundingMode, operation: impl FnOnce() -> R) -> (R, u64) {
    // SAFETY: these write bytes that are local to the thread.
    unsafe {
        sys::softfloat_detectTininess_write_helper(sys::softfloat_tininess_afterRounding);
        sys::softfloat_roundingMode_write_helper(rm as u8);
        sys::softfloat_exceptionFlags_write_helper(0);
    }
    let result = operation();
    // SAFETY: this reads a byte that is local to the thread.
    let flags = unsafe { sys::softfloat_exceptionFlags_read_helper() };
    (result, flags.into())
}
