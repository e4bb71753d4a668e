//! What the engine asks of a guest architecture, and its implementations.

pub mod riscv64;
mod state;
mod traits;

pub use state::{GuestState, RegisterError, Registers};
pub use traits::{Exception, Guest, HelperCall, Outcome};
pub use vm_mem::tlb::Fill;
