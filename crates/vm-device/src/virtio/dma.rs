//! Guest memory, as devices reach it.

use std::sync::Arc;

use vm_core::GuestPhysAddr;
use vm_memory::{Bytes, GuestAddress, GuestMemoryError, GuestMemoryMmap};

/// Hears where devices wrote: first address and length in bytes, after the
/// write and before the driver is told of it. Called on device threads.
pub type WriteObserver = Arc<dyn Fn(GuestPhysAddr, u64) + Send + Sync>;

/// Guest memory that devices read and write. Clones share the same memory.
///
/// A vCPU that caches what it derived from memory, such as translated code,
/// learns of changes that no vCPU made through an observer.
#[derive(Clone)]
pub struct DmaMemory {
    memory: GuestMemoryMmap,
    observer: Option<WriteObserver>,
}

impl DmaMemory {
    /// Memory whose writes nobody needs to know of.
    pub fn new(memory: &GuestMemoryMmap) -> Self {
        Self {
            memory: memory.clone(),
            observer: None,
        }
    }

    /// Memory whose writes `observer` hears of. Queue rings are exempt: they
    /// hold only indices.
    pub fn observed(memory: &GuestMemoryMmap, observer: WriteObserver) -> Self {
        Self {
            memory: memory.clone(),
            observer: Some(observer),
        }
    }

    /// The memory itself, for queue rings.
    pub(super) fn memory(&self) -> &GuestMemoryMmap {
        &self.memory
    }

    pub(super) fn read(&self, addr: GuestAddress, data: &mut [u8]) -> Result<(), GuestMemoryError> {
        self.memory.read_slice(data, addr)
    }

    pub(super) fn write(&self, addr: GuestAddress, data: &[u8]) -> Result<(), GuestMemoryError> {
        self.memory.write_slice(data, addr)?;
        if let Some(observer) = &self.observer {
            observer(GuestPhysAddr(addr.0), data.len() as u64);
        }
        Ok(())
    }
}

impl From<&GuestMemoryMmap> for DmaMemory {
    fn from(memory: &GuestMemoryMmap) -> Self {
        Self::new(memory)
    }
}
