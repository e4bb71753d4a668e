//! Stand-in for the `c99` crate, which names C's `<stdint.h>` types for `softfloat-sys`.
//!
//! The published crate runs CMake and a C program to learn the widths of these types, so that
//! testing would need CMake installed. `softfloat-sys` builds on x86-64 Linux only, where the
//! psABI and the C library fix them: the 32-bit "fast" types are as wide as `long` with glibc,
//! and 32 bits wide with musl.

#![no_std]
#![allow(non_camel_case_types, reason = "C's own names")]

/// C's `uint_fast8_t`.
pub type uint_fast8_t = u8;
/// C's `int_fast32_t`.
#[cfg(not(target_env = "musl"))]
pub type int_fast32_t = i64;
/// C's `int_fast32_t`.
#[cfg(target_env = "musl")]
pub type int_fast32_t = i32;
/// C's `uint_fast32_t`.
#[cfg(not(target_env = "musl"))]
pub type uint_fast32_t = u64;
/// C's `uint_fast32_t`.
#[cfg(target_env = "musl")]
pub type uint_fast32_t = u32;
/// C's `int_fast64_t`.
pub type int_fast64_t = i64;
/// C's `uint_fast64_t`.
pub type uint_fast64_t = u64;
