//! Guest architectures: decoders and semantics. Each has the same file names, and
//! is an [`Isa`] to whoever translates its code.

mod builder;
mod isa;
pub mod riscv64;
mod shape;

pub use builder::{BlockBuilder, ZERO};
pub use isa::{Isa, IsaContext};
pub use shape::GuestShape;
