//! Host back-ends: from IR to machine code, one folder per architecture.
//!
//! A back-end is a pure function: it turns a block into bytes and lists what
//! the engine has to fill in. What it shares with the engine is [`contract`].

mod buffer;
pub mod contract;
mod liveness;
mod scratch;
pub mod x86_64;
