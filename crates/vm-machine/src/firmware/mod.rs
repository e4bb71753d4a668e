//! Firmware interfaces that the host serves itself.

pub mod sbi;
