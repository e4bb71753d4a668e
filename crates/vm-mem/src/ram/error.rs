//! What can go wrong with guest RAM.

use vm_core::GuestPhysAddr;

/// RAM that cannot be mapped, or an access outside of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RamError {
    /// No region was asked for.
    #[error("the machine has no RAM region: give it at least one")]
    Empty,
    /// A region is empty or does not start and end at a page boundary.
    #[error(
        "RAM of {bytes} bytes at {start} is not a whole number of 4096-byte pages: \
         round its start and size to 4096"
    )]
    NotPages {
        /// The region's first address.
        start: GuestPhysAddr,
        /// Its size.
        bytes: u64,
    },
    /// A region runs past the last physical address.
    #[error("RAM of {bytes} bytes at {start} runs past the end of the address space: shrink it")]
    Wraps {
        /// The region's first address.
        start: GuestPhysAddr,
        /// Its size.
        bytes: u64,
    },
    /// Two regions share addresses.
    #[error("the RAM region at {start} overlaps the one below it: move one of them")]
    Overlap {
        /// The upper region's first address.
        start: GuestPhysAddr,
    },
    /// The host refused.
    #[error("the host cannot map {bytes} bytes of RAM ({cause}): give the machine less memory")]
    Map {
        /// The size of all regions together.
        bytes: u64,
        /// What the host said.
        cause: String,
    },
    /// An access to addresses that are not RAM.
    #[error("{len} bytes at {addr} are not all in RAM")]
    OutOfRange {
        /// The first address of the access.
        addr: GuestPhysAddr,
        /// Its length in bytes.
        len: usize,
    },
}

impl RamError {
    pub(super) fn out_of_range(addr: GuestPhysAddr, len: usize) -> Self {
        Self::OutOfRange { addr, len }
    }
}
