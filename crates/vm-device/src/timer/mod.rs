//! Timers and inter-processor interrupts.

pub mod aclint;
