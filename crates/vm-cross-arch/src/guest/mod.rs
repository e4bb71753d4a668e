//! Guest architectures: decoders and semantics. Each has the same file names.

pub mod riscv64;
mod shape;

pub use shape::GuestShape;
