//! What the engine asks of a guest architecture, and its implementations.

pub mod riscv64;
mod traits;

pub use traits::{Exception, Fill, Guest, HelperCall, Outcome};
