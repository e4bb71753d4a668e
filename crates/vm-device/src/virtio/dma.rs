//! Guest memory, as devices reach it.

use vm_core::GuestPhysAddr;
use vm_mem::{GuestRam, RamError};
use vm_memory::{GuestAddress, GuestMemoryMmap};

/// Guest memory that devices read and write. Clones share the same memory.
///
/// Whatever devices write, they write through here: the RAM's observer hears of
/// it, before the driver is told.
#[derive(Clone)]
pub struct DmaMemory {
    ram: GuestRam,
}

impl DmaMemory {
    /// What devices reach of `ram`: all of it.
    pub fn new(ram: &GuestRam) -> Self {
        Self { ram: ram.clone() }
    }

    /// Runs `read` on memory as rust-vmm's crates know it. It must not write.
    pub(super) fn inspect<R>(&self, read: impl FnOnce(&GuestMemoryMmap) -> R) -> R {
        self.ram.access(&[], read)
    }

    /// Runs `update` on memory as rust-vmm's crates know it. It writes to the
    /// ranges `written`, each an address and a length in bytes, and nowhere else.
    pub(super) fn update<R>(
        &self,
        written: &[(u64, u64)],
        update: impl FnOnce(&GuestMemoryMmap) -> R,
    ) -> R {
        let written: Vec<_> = written
            .iter()
            .map(|&(addr, len)| (GuestPhysAddr(addr), len))
            .collect();
        self.ram.access(&written, update)
    }

    pub(super) fn read(&self, addr: GuestAddress, data: &mut [u8]) -> Result<(), RamError> {
        self.ram.read(GuestPhysAddr(addr.0), data)
    }

    pub(super) fn write(&self, addr: GuestAddress, data: &[u8]) -> Result<(), RamError> {
        self.ram.write(GuestPhysAddr(addr.0), data)
    }
}
