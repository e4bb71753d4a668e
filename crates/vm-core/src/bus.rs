//! The guest's physical bus, as vCPUs and devices see it.

use crate::{AccessSize, GuestPhysAddr};

/// Nobody answers at this address, or not with this size.
///
/// The vCPU turns it into the architecture's access fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no device answers a {size:?} access at {addr}")]
pub struct BusError {
    /// The address of the access.
    pub addr: GuestPhysAddr,
    /// Its size.
    pub size: AccessSize,
}

/// Registers mapped into the guest's physical address space.
///
/// Called by any vCPU thread at any time: devices lock their own state.
/// Offsets count from the start of the window the device was mapped at; they
/// are not necessarily aligned to the size. Values are little-endian numbers;
/// bits above the access size are zero on reads and must be ignored on writes.
pub trait MmioDevice: Send + Sync {
    /// A short stable name for logs, errors and snapshots, such as `uart0`.
    fn name(&self) -> &str;

    /// Reads `size` bytes at `offset`.
    ///
    /// # Errors
    /// `None` where the hardware would answer with a bus error.
    fn read(&self, offset: u64, size: AccessSize) -> Option<u64>;

    /// Writes the low `size` bytes of `value` at `offset`.
    ///
    /// # Errors
    /// `None` where the hardware would answer with a bus error.
    fn write(&self, offset: u64, size: AccessSize, value: u64) -> Option<()>;
}

/// Everything on the physical bus that is not RAM.
pub trait PhysBus: Send + Sync {
    /// Reads `size` bytes at `addr`; bits above the size are zero.
    ///
    /// # Errors
    /// [`BusError`] where nobody answers.
    fn read(&self, addr: GuestPhysAddr, size: AccessSize) -> Result<u64, BusError>;

    /// Writes the low `size` bytes of `value` at `addr`.
    ///
    /// # Errors
    /// [`BusError`] where nobody answers.
    fn write(&self, addr: GuestPhysAddr, size: AccessSize, value: u64) -> Result<(), BusError>;
}
