//! Host back-ends: from IR to machine code, one folder per architecture.
//!
//! A back-end is a pure function: it turns a block into bytes and lists what
//! the engine has to fill in. What all of them offer is [`Backend`], what their code shares
//! with the engine is [`contract`].

pub mod aarch64;
mod backend;
mod buffer;
pub mod contract;
mod global;
mod liveness;
mod runtime;
mod scratch;
mod unsupported;
pub mod x86_64;

pub use backend::{Backend, Config, Features};
pub use global::GlobalRegisters;
pub use runtime::{Callbacks, RuntimeCode, Transfer};
pub use unsupported::Unsupported;

/// The back-end for the processor that this program runs on.
#[cfg(target_arch = "x86_64")]
pub type Native = x86_64::X86_64;
/// The back-end for the processor that this program runs on.
#[cfg(target_arch = "aarch64")]
pub type Native = aarch64::Aarch64;
/// The back-end for the processor that this program runs on: there is none.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub type Native = Unsupported;
