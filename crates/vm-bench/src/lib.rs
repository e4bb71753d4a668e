//! What the benchmarks have in common: real guest code, the pairs of architectures
//! that it is translated between, and fixed pieces of work, among them Debian's busybox
//! without a kernel.
//!
//! Knows everything below the boards, and is never shipped.

pub mod code;
#[cfg(feature = "fetch")]
pub mod fetch;
pub mod pages;
pub mod translation;
pub mod workloads;
