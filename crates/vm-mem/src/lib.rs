//! Guest physical memory, page-table walkers, translation look-aside buffers.
//!
//! Knows nothing of instructions or devices: an address goes in, a host
//! pointer or the architecture's fault comes out.

pub mod ram;
pub mod riscv64;
pub mod tlb;

pub use ram::{GuestRam, PendingWrite, RamError, WriteObserver};
pub use tlb::{DefaultTlb, Perms, Space, Tlb, TlbEntry};
