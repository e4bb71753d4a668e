//! HTIF, the interface of bare-metal test programs to their host, as the
//! simulator Spike serves it: the program stores a command at `tohost`, the
//! host clears it, and answers at `fromhost`.
//!
//! Guest stores go straight to RAM, so a thread watches `tohost`. It looks
//! often while commands come in and once in a millisecond otherwise.

mod command;
mod proxy;
mod service;
mod state;

pub use service::{Htif, HtifAddresses};
