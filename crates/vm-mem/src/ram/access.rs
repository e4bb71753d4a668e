//! Single loads, stores and compare-and-swap, as the host's atomics.
//!
//! Guests are little-endian. An aligned access is one relaxed host access and
//! therefore single-copy atomic; a misaligned one is done byte by byte.
#![allow(unsafe_code, reason = "dereferences host pointers into guest RAM")]

use std::{
    ptr::NonNull,
    sync::atomic::{
        AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering::Relaxed, Ordering::SeqCst,
    },
};

use vm_core::{AccessSize, GuestPhysAddr};

use super::GuestRam;

impl GuestRam {
    /// Loads a little-endian number; bits above the size are zero.
    ///
    /// `None` if not all of it is in one RAM region.
    #[inline]
    pub fn load(&self, gpa: GuestPhysAddr, size: AccessSize) -> Option<u64> {
        let host = self.host_ptr(gpa, size.bytes())?;
        if gpa.0 & (size.bytes() - 1) != 0 {
            return Some(load_bytes(self.bytes_at(host, size)));
        }
        // SAFETY: `host_ptr` found `size` bytes of a mapping that outlives `self`.
        // Regions are page-aligned in guest and host, so the host address is aligned
        // as the guest's is. No Rust object is there: accesses are atomic, but for
        // those of rust-vmm's queues, which are volatile (and of descriptors, read by a copy
        // that may be torn: whoever lets a driver change them is told nothing better).
        Some(unsafe {
            match size {
                AccessSize::Byte => u64::from(host.cast::<AtomicU8>().as_ref().load(Relaxed)),
                AccessSize::Half => u64::from(u16::from_le(
                    host.cast::<AtomicU16>().as_ref().load(Relaxed),
                )),
                AccessSize::Word => u64::from(u32::from_le(
                    host.cast::<AtomicU32>().as_ref().load(Relaxed),
                )),
                AccessSize::Double => u64::from_le(host.cast::<AtomicU64>().as_ref().load(Relaxed)),
            }
        })
    }

    /// Stores the low `size` bytes of `value`, little-endian.
    ///
    /// `None`, with nothing stored, if not all of it is in one RAM region.
    #[inline]
    pub fn store(&self, gpa: GuestPhysAddr, size: AccessSize, value: u64) -> Option<()> {
        let host = self.host_ptr(gpa, size.bytes())?;
        let _pending = self.begin_write();
        self.store_at(host, gpa, size, value);
        self.written(gpa, size.bytes());
        Some(())
    }

    /// Stores where `host_ptr` found `size` bytes for `gpa`.
    fn store_at(&self, host: NonNull<u8>, gpa: GuestPhysAddr, size: AccessSize, value: u64) {
        if gpa.0 & (size.bytes() - 1) != 0 {
            return store_bytes(self.bytes_at(host, size), value);
        }
        // SAFETY: as in `load`.
        unsafe {
            match size {
                AccessSize::Byte => host.cast::<AtomicU8>().as_ref().store(value as u8, Relaxed),
                AccessSize::Half => {
                    host.cast::<AtomicU16>()
                        .as_ref()
                        .store((value as u16).to_le(), Relaxed);
                }
                AccessSize::Word => {
                    host.cast::<AtomicU32>()
                        .as_ref()
                        .store((value as u32).to_le(), Relaxed);
                }
                AccessSize::Double => {
                    host.cast::<AtomicU64>()
                        .as_ref()
                        .store(value.to_le(), Relaxed);
                }
            }
        }
    }

    /// Atomically replaces the 8 bytes at `gpa` with `new` if they are `current`.
    ///
    /// `Some(Err(found))` if they were not; `None` if `gpa` is misaligned or not RAM.
    pub fn compare_exchange(
        &self,
        gpa: GuestPhysAddr,
        current: u64,
        new: u64,
    ) -> Option<Result<u64, u64>> {
        if !gpa.0.is_multiple_of(8) {
            return None;
        }
        let host = self.host_ptr(gpa, 8)?;
        // SAFETY: as in `load`.
        let cell = unsafe { host.cast::<AtomicU64>().as_ref() };
        let _pending = self.begin_write();
        let swapped = cell.compare_exchange(current.to_le(), new.to_le(), SeqCst, SeqCst);
        if swapped.is_ok() {
            self.written(gpa, 8);
        }
        Some(swapped.map(u64::from_le).map_err(u64::from_le))
    }

    /// The bytes `host_ptr` found for an access of `size`.
    fn bytes_at(&self, host: NonNull<u8>, size: AccessSize) -> &[AtomicU8] {
        // SAFETY: `host_ptr` found `size` bytes there, the mapping outlives `self`, and
        // bytes need no alignment.
        unsafe {
            std::slice::from_raw_parts(host.cast::<AtomicU8>().as_ptr(), size.bytes() as usize)
        }
    }
}

fn load_bytes(bytes: &[AtomicU8]) -> u64 {
    let from_high = bytes.iter().rev();
    from_high.fold(0, |value, byte| value << 8 | u64::from(byte.load(Relaxed)))
}

fn store_bytes(bytes: &[AtomicU8], value: u64) {
    for (byte, part) in bytes.iter().zip(value.to_le_bytes()) {
        byte.store(part, Relaxed);
    }
}
