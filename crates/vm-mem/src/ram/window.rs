//! One region's place in the guest and in the host.
#![allow(unsafe_code, reason = "forms host pointers into a region's mapping")]

use std::ptr::NonNull;

use vm_memory::{Address, GuestMemoryRegion, GuestRegionMmap, MemoryRegionAddress};

/// A range of guest physical addresses and the host mapping behind it.
///
/// Owns nothing: whoever keeps it keeps the mapping alive too.
#[derive(Clone, Copy)]
pub(super) struct Window {
    start: u64,
    bytes: u64,
    host: NonNull<u8>,
}

// SAFETY: a window is an address range; it gives out raw pointers and never
// dereferences them, so moving it to another thread changes nothing.
unsafe impl Send for Window {}
// SAFETY: as above; a shared window is read only.
unsafe impl Sync for Window {}

impl Window {
    /// The window of a mapped region.
    pub(super) fn of_region(region: &GuestRegionMmap) -> Option<Self> {
        let host = region.get_host_address(MemoryRegionAddress(0)).ok()?;
        Some(Self {
            start: region.start_addr().raw_value(),
            bytes: region.len(),
            host: NonNull::new(host)?,
        })
    }

    /// The first guest physical address.
    #[inline]
    pub(super) fn start(&self) -> u64 {
        self.start
    }

    /// The size in bytes.
    #[inline]
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The host address of `gpa`, if the window holds `len` bytes from there.
    #[inline]
    pub(super) fn locate(&self, gpa: u64, len: u64) -> Option<NonNull<u8>> {
        let offset = gpa.wrapping_sub(self.start);
        if offset < self.bytes && len <= self.bytes - offset {
            // SAFETY: the mapping has `bytes` bytes, which fit in `usize` because it
            // exists, and `offset` is less than that.
            Some(unsafe { self.host.add(offset as usize) })
        } else {
            None
        }
    }
}
