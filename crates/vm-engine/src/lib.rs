//! Runs virtual CPUs: tiers, block cache, traps, interrupts, threads.

pub mod softfloat;
