//! IEEE 754-2019 binary floating point in integer arithmetic.
//!
//! The one definition of what a guest's floating-point instruction computes, bits and
//! exception flags, whatever the host. Every tier calls it, or is tested against it. It never
//! touches the host's floating-point unit, so it can run while the host's rounding mode and
//! sticky flags belong to a guest.
//!
//! Operands and results are bit patterns ([`Format::Bits`]). Each operation ORs the exceptions
//! that it raises into `flags`, in the encoding of [`vm_core::float::flags`], and never clears
//! any. Negation, absolute value and sign injection are bit operations (see [`Format::SIGN`])
//! and have no function here.
//!
//! Two choices that IEEE 754 leaves to the architecture follow RISC-V, each in one place: every
//! NaN result is the canonical one (`nan.rs`), and tininess is detected after rounding
//! (`round.rs`). Conversions to integers saturate as RISC-V says (`to_int.rs`).

mod add;
mod classify;
mod compare;
mod convert;
mod div;
mod fma;
mod format;
mod from_int;
mod mul;
mod nan;
mod round;
mod sqrt;
mod to_int;
mod unpack;

#[cfg(test)]
mod tests;

pub use add::{add, sub};
pub use classify::classify;
pub use compare::{compare_quiet, compare_signaling, eq, le, lt, max, min};
pub use convert::{convert, round_to_integral};
pub use div::div;
pub use fma::mul_add;
pub use format::{F16, F32, F64, Format};
pub use from_int::{from_i32, from_i64, from_u32, from_u64};
pub use mul::mul;
pub use nan::is_signaling;
pub use sqrt::sqrt;
pub use to_int::{to_i32, to_i64, to_u32, to_u64};
