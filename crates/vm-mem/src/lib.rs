//! Guest physical memory, the memory management units of the guests' architectures, and
//! translation look-aside buffers.
//!
//! Everything that an architecture says of addresses lies together in its folder: page
//! tables (`walk`, `pte`), what protects physical memory (`protection`), what makes one
//! address mean different things (`regime`), what makes cached translations go (`fence`).
//! [`ram`] and [`tlb`] know no architecture.
//!
//! Knows nothing of instructions or devices: registers and an address go in, a host
//! pointer or the architecture's fault comes out.

pub mod ram;
pub mod riscv64;
pub mod tlb;

pub use ram::{GuestRam, PendingWrite, RamError, WriteObserver};
pub use tlb::{DefaultTlb, Perms, Space, Tlb, TlbEntry};
