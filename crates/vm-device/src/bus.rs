//! The physical bus: which device answers at which address.

use std::{fmt, sync::Arc};

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use vm_core::{AccessSize, BusError, GuestPhysAddr, MmioDevice, PhysBus};

/// A device and the window of the bus where it answers.
#[derive(Clone)]
pub struct Mapping {
    /// The window's first address.
    pub base: GuestPhysAddr,
    /// The window's length in bytes.
    pub len: u64,
    /// Who answers.
    pub device: Arc<dyn MmioDevice>,
}

impl Mapping {
    /// The window's last address; the bus holds no mapping for which it wraps.
    const fn last(&self) -> u64 {
        self.base.0.wrapping_add(self.len.wrapping_sub(1))
    }

    const fn overlaps(&self, other: &Self) -> bool {
        self.base.0 <= other.last() && other.base.0 <= self.last()
    }
}

impl fmt::Display for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (base, last, name) = (self.base.0, self.last(), self.device.name());
        write!(f, "{base:#x}-{last:#x} {name}")
    }
}

impl fmt::Debug for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mapping({self})")
    }
}

/// A window that cannot be mapped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MapError {
    /// The window is empty, or passes the end of the address space.
    #[error("device `{device}` cannot be mapped at {base} with a length of {len:#x} bytes")]
    Range {
        /// The device's name.
        device: String,
        /// The window's first address.
        base: GuestPhysAddr,
        /// The window's length in bytes.
        len: u64,
    },
    /// Another device answers there.
    #[error("device at {wanted} overlaps the device at {other}: move one of them")]
    Overlap {
        /// The window and the device that could not be mapped.
        wanted: String,
        /// The window and the device that are in the way.
        other: String,
    },
}

/// All memory-mapped devices of a machine.
///
/// Accesses take no lock: they see the list of mappings as it was at some
/// moment during the access. Mapping and unmapping replace the whole list.
#[derive(Default)]
pub struct MmioBus {
    /// Sorted by address, without overlaps.
    mappings: ArcSwap<Vec<Mapping>>,
    /// Held while the list is replaced.
    editing: Mutex<()>,
}

impl MmioBus {
    /// A bus without devices.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets `device` answer in the `len` bytes from `base`.
    ///
    /// # Errors
    /// [`MapError`] if the window is empty or wraps, or another device is there.
    pub fn map(
        &self,
        base: GuestPhysAddr,
        len: u64,
        device: Arc<dyn MmioDevice>,
    ) -> Result<(), MapError> {
        let _editing = self.editing.lock();
        let mut list = Vec::clone(&self.mappings.load());
        insert(&mut list, Mapping { base, len, device })?;
        self.mappings.store(Arc::new(list));
        Ok(())
    }

    /// Removes the window that starts at `base` and returns it, if there is one.
    /// Accesses that have already found the device still reach it.
    pub fn unmap(&self, base: GuestPhysAddr) -> Option<Mapping> {
        let _editing = self.editing.lock();
        let mut list = Vec::clone(&self.mappings.load());
        let at = list.iter().position(|mapping| mapping.base == base)?;
        let removed = list.remove(at);
        self.mappings.store(Arc::new(list));
        Some(removed)
    }

    /// Replaces all mappings at once. A window that cannot be mapped, because
    /// an earlier one of `wanted` is in the way, is left out and reported.
    pub fn replace(&self, wanted: impl IntoIterator<Item = Mapping>) -> Vec<MapError> {
        let _editing = self.editing.lock();
        let mut list = Vec::new();
        let wanted = wanted.into_iter();
        let refused = wanted.filter_map(|mapping| insert(&mut list, mapping).err());
        let refused = refused.collect();
        self.mappings.store(Arc::new(list));
        refused
    }

    /// The mappings in the order of their addresses.
    pub fn mappings(&self) -> Vec<Mapping> {
        Vec::clone(&self.mappings.load())
    }

    /// Runs `access` on the device that answers all `size` bytes at `addr`,
    /// with the offset inside its window.
    fn with_device<T>(
        &self,
        addr: GuestPhysAddr,
        size: AccessSize,
        access: impl FnOnce(&dyn MmioDevice, u64) -> Option<T>,
    ) -> Result<T, BusError> {
        let list = self.mappings.load();
        let after = list.partition_point(|mapping| mapping.base <= addr);
        let found = after.checked_sub(1).and_then(|at| list.get(at));
        found
            .and_then(|mapping| {
                let offset = addr.0.wrapping_sub(mapping.base.0);
                let room = mapping.len.checked_sub(offset)?;
                (size.bytes() <= room).then(|| access(&*mapping.device, offset))?
            })
            .ok_or(BusError { addr, size })
    }
}

/// Inserts `new` where it belongs.
fn insert(list: &mut Vec<Mapping>, new: Mapping) -> Result<(), MapError> {
    if new.len == 0 || new.base.checked_add(new.len - 1).is_none() {
        return Err(MapError::Range {
            device: new.device.name().to_owned(),
            base: new.base,
            len: new.len,
        });
    }
    let at = list.partition_point(|mapping| mapping.base < new.base);
    let neighbours = [at.checked_sub(1), Some(at)].into_iter().flatten();
    let mut neighbours = neighbours.filter_map(|i| list.get(i));
    if let Some(other) = neighbours.find(|other| other.overlaps(&new)) {
        return Err(MapError::Overlap {
            wanted: new.to_string(),
            other: other.to_string(),
        });
    }
    list.insert(at, new);
    Ok(())
}

impl PhysBus for MmioBus {
    fn read(&self, addr: GuestPhysAddr, size: AccessSize) -> Result<u64, BusError> {
        self.with_device(addr, size, |device, offset| {
            Some(device.read(offset, size)? & size.mask())
        })
    }

    fn write(&self, addr: GuestPhysAddr, size: AccessSize, value: u64) -> Result<(), BusError> {
        self.with_device(addr, size, |device, offset| {
            device.write(offset, size, value & size.mask())
        })
    }
}

#[cfg(test)]
mod tests;
