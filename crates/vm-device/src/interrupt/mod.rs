//! Interrupt controllers.

pub mod plic;
