//! Linux on RISC-V 64.

mod calls;
mod tables;
mod vcpu;

use vm_core::GuestArch;

pub use calls::{Stat, call};
pub use tables::map;
pub use vcpu::{Processor, UserVcpu};

/// The architecture.
pub const ARCH: GuestArch = GuestArch::Riscv64;
/// The extensions I, M, A, F, D and C as `AT_HWCAP` has them.
pub const CAPABILITIES: u64 = 0x112d;

/// Where RAM starts: the code that runs in M-mode, then page tables.
pub const RAM: u64 = 0x8000_0000;
/// Where the tables start, the root first.
const TABLES: u64 = RAM + 0x1_0000;
/// Where the program's memory starts.
pub const PROGRAM: u64 = RAM + 0x20_0000;
