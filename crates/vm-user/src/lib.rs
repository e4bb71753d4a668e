//! Runs one statically linked Linux program without a kernel: on a vCPU in user mode,
//! with its system calls answered here.
//!
//! It is to become Trine's user mode, without a promise yet: it answers what busybox
//! asks for when it works on its standard input, which is what the benchmarks need, and
//! no program that is shipped uses it. Given the same program, arguments and input, the
//! vCPU executes the same instructions each time: the clock counts its calls, and random
//! numbers are zeros.
//!
//! What differs between architectures lies in a folder for each: numbers of system calls
//! and the registers that hold them, what the kernel tells a program of its processor,
//! how user mode is entered and left. Knows nothing of boards, their devices or command
//! lines, and of instructions only what enters user mode.

mod calls;
mod memory;
mod process;
mod program;
mod riscv64;
mod stack;

#[cfg(test)]
mod tests;

/// The architecture of the programs: the one there is.
use riscv64 as arch;

pub use memory::Memory;
pub use process::{Ended, Process};
