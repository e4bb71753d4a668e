//! Guest RAM: host mappings at guest physical addresses.

mod access;
mod copy;
mod error;
mod watch;
mod window;

use std::{fmt, ops::Range, ptr::NonNull, sync::Arc};

use vm_core::{GuestPhysAddr, PAGE_SIZE};
use vm_memory::{GuestAddress, GuestMemoryBackend, GuestMemoryMmap};

pub use error::RamError;
use watch::Watch;
pub use watch::{PendingWrite, WriteObserver};
use window::Window;

/// The guest's RAM. Clones share the same memory.
///
/// Host pages are taken from the host when the guest first writes to them.
/// Every vCPU thread and device may access it at any time; accesses that race
/// give what the host's relaxed atomics give. Its [observer](Self::observe) hears of
/// whatever is written by its methods.
#[derive(Clone)]
pub struct GuestRam {
    /// The largest region, kept here so that the usual lookup follows no pointer.
    hot: Window,
    shared: Arc<Shared>,
}

struct Shared {
    memory: GuestMemoryMmap,
    /// Sorted by guest address.
    windows: Box<[Window]>,
    watch: Watch,
}

impl GuestRam {
    /// Maps RAM for the given `(start, bytes)` regions, zeroed.
    ///
    /// # Errors
    /// [`RamError`] if the list is empty, a region is empty, not a whole number of 4 KiB
    /// pages, wraps or overlaps another, or the host cannot map that much.
    pub fn new(regions: &[(GuestPhysAddr, u64)]) -> Result<Self, RamError> {
        let ranges = checked_ranges(regions)?;
        let total = ranges
            .iter()
            .fold(0u64, |sum, r| sum.saturating_add(r.1 as u64));
        let memory = GuestMemoryMmap::from_ranges(&ranges).map_err(|e| RamError::Map {
            bytes: total,
            cause: e.to_string(),
        })?;
        let windows: Box<[Window]> = memory.iter().filter_map(Window::of_region).collect();
        let hot = *windows
            .iter()
            .max_by_key(|w| w.bytes())
            .ok_or(RamError::Empty)?;
        Ok(Self {
            hot,
            shared: Arc::new(Shared {
                memory,
                windows,
                watch: Watch::default(),
            }),
        })
    }

    /// The host address of `len` bytes at `gpa`, if one region holds all of them.
    ///
    /// The pointer stays valid while any clone of this `GuestRam` lives. Other threads
    /// may access the same bytes: use atomics or volatile accesses. Nobody hears of
    /// what is stored through it: it is for vCPUs, which see to that themselves.
    #[inline]
    pub fn host_ptr(&self, gpa: GuestPhysAddr, len: u64) -> Option<NonNull<u8>> {
        self.hot
            .locate(gpa.0, len)
            .or_else(|| self.host_ptr_elsewhere(gpa.0, len))
    }

    #[cold]
    fn host_ptr_elsewhere(&self, gpa: u64, len: u64) -> Option<NonNull<u8>> {
        let windows = &self.shared.windows;
        let after = windows.partition_point(|w| w.start() <= gpa);
        windows.get(after.checked_sub(1)?)?.locate(gpa, len)
    }

    /// Copies guest memory at `gpa` into `buf`; it may span adjacent regions.
    ///
    /// # Errors
    /// [`RamError::OutOfRange`] if any byte is not RAM; then `buf` is unchanged.
    pub fn read(&self, gpa: GuestPhysAddr, buf: &mut [u8]) -> Result<(), RamError> {
        self.check(gpa, buf.len())?;
        self.for_each_piece(gpa, buf.len(), |cells, range| cells.read(&mut buf[range]))
    }

    /// Copies `data` to guest memory at `gpa`; it may span adjacent regions.
    ///
    /// # Errors
    /// [`RamError::OutOfRange`] if any byte is not RAM; then nothing is written.
    pub fn write(&self, gpa: GuestPhysAddr, data: &[u8]) -> Result<(), RamError> {
        self.check(gpa, data.len())?;
        self.access(&[(gpa, data.len() as u64)], |_| {
            self.for_each_piece(gpa, data.len(), |cells, range| cells.write(&data[range]))
        })
    }

    fn check(&self, gpa: GuestPhysAddr, len: usize) -> Result<(), RamError> {
        if len == 0 || self.shared.memory.check_range(GuestAddress(gpa.0), len) {
            Ok(())
        } else {
            Err(RamError::out_of_range(gpa, len))
        }
    }

    /// The regions, as `(start, bytes)`, sorted by address.
    pub fn regions(&self) -> impl ExactSizeIterator<Item = (GuestPhysAddr, u64)> + '_ {
        let windows = self.shared.windows.iter();
        windows.map(|w| (GuestPhysAddr(w.start()), w.bytes()))
    }

    /// Whether one region holds all `len` bytes at `gpa`.
    pub fn contains(&self, gpa: GuestPhysAddr, len: u64) -> bool {
        self.host_ptr(gpa, len).is_some()
    }

    /// The host addresses of the regions.
    pub fn host_ranges(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        self.regions().filter_map(|(start, bytes)| {
            let host = self.host_ptr(start, bytes)?.addr().get() as u64;
            Some(host..host + bytes)
        })
    }

    /// The size of all regions together, in bytes.
    pub fn size(&self) -> u64 {
        self.regions().map(|(_, bytes)| bytes).sum()
    }
}

impl fmt::Debug for GuestRam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.regions()).finish()
    }
}

/// Sorts the regions and refuses what cannot be mapped.
fn checked_ranges(
    regions: &[(GuestPhysAddr, u64)],
) -> Result<Vec<(GuestAddress, usize)>, RamError> {
    let mut sorted = regions.to_vec();
    sorted.sort_unstable();
    let mut ranges = Vec::with_capacity(sorted.len());
    let mut previous_end = 0;
    for &(start, bytes) in &sorted {
        if bytes == 0 || start.page_offset() != 0 || bytes % PAGE_SIZE != 0 {
            return Err(RamError::NotPages { start, bytes });
        }
        let Some(end) = start.checked_add(bytes) else {
            return Err(RamError::Wraps { start, bytes });
        };
        if start.0 < previous_end {
            return Err(RamError::Overlap { start });
        }
        previous_end = end.0;
        let host_bytes = usize::try_from(bytes).map_err(|_| RamError::Map {
            bytes,
            cause: "larger than the host's address space".to_owned(),
        })?;
        ranges.push((GuestAddress(start.0), host_bytes));
    }
    if ranges.is_empty() {
        return Err(RamError::Empty);
    }
    Ok(ranges)
}

#[cfg(test)]
mod tests;
