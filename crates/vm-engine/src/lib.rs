//! Runs virtual CPUs: execution tiers, block cache, traps, interrupts, threads.
//!
//! Knows nothing about boards, file formats or command lines.

pub mod atomic;
pub mod cache;
pub mod guest;
mod host;
pub mod interp;
pub mod jit;
pub mod memory;
pub mod observe;
mod os;
mod pages;
pub mod reservation;
pub mod softfloat;
mod sync;
pub mod vcpu;
