//! The words every Trine crate speaks: architectures, addresses, accesses,
//! buses, interrupt lines, time, saved state, and files at a position.
//!
//! This crate depends on no other crate of the workspace, and says nothing of how any
//! architecture, device or host does what it names.

pub mod access;
pub mod addr;
pub mod arch;
pub mod bus;
pub mod file;
pub mod float;
pub mod irq;
mod os;
pub mod power;
pub mod snapshot;
pub mod time;

pub use access::{AccessKind, AccessSize};
pub use addr::{GuestPhysAddr, GuestVirtAddr, PAGE_SHIFT, PAGE_SIZE};
pub use arch::{GuestArch, HostArch};
pub use bus::{BusError, MmioDevice, PhysBus};
pub use irq::{IrqLine, MsiSink};
pub use power::{PowerEvent, PowerSink};
