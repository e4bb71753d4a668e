//! The door that writes to RAM go through, so that whoever keeps something
//! derived from it (translated code, reservations) hears of them.

use std::sync::{
    OnceLock, Weak,
    atomic::{Ordering::SeqCst, fence},
};

use parking_lot::{RwLock, RwLockReadGuard};
use vm_core::GuestPhysAddr;
use vm_memory::GuestMemoryMmap;

use super::GuestRam;

/// Hears of every write to RAM but the stores of vCPUs.
pub trait WriteObserver: Send + Sync {
    /// The `bytes` bytes at `addr` have been written. Called on the thread that
    /// wrote, before the write [ends](GuestRam::await_writes).
    fn written(&self, addr: GuestPhysAddr, bytes: u64);
}

/// While it exists, a write is going on.
#[must_use = "the write ends when it is dropped"]
pub struct PendingWrite<'a>(#[expect(dead_code, reason = "held")] RwLockReadGuard<'a, ()>);

#[derive(Default)]
pub(super) struct Watch {
    observer: OnceLock<Weak<dyn WriteObserver>>,
    /// Held, shared, by whoever writes.
    pending: RwLock<()>,
}

impl GuestRam {
    /// Has `observer` hear of every write from now on. Only the first call counts.
    pub fn observe(&self, observer: Weak<dyn WriteObserver>) {
        // A second observer would be a second machine with the same memory.
        let _ = self.watch().observer.set(observer);
    }

    /// Begins a write that does not go through this type, such as a vCPU's
    /// store: [`await_writes`](Self::await_writes) waits until it has ended. A
    /// thread has one at a time, and none while it writes through this type.
    pub fn begin_write(&self) -> PendingWrite<'_> {
        PendingWrite(self.watch().pending.read())
    }

    /// Waits until every write that has begun has ended: who has seen any of
    /// its bytes can rely on the observer's having heard of it.
    pub fn await_writes(&self) {
        drop(self.watch().pending.write());
    }

    /// Runs `access` on the memory as rust-vmm's crates know it. It may read
    /// anything, and write to the ranges `written`, each an address and a
    /// length in bytes, alone: others would not be heard of.
    pub fn access<R>(
        &self,
        written: &[(GuestPhysAddr, u64)],
        access: impl FnOnce(&GuestMemoryMmap) -> R,
    ) -> R {
        if written.is_empty() {
            return access(&self.shared.memory);
        }
        let _pending = self.begin_write();
        let result = access(&self.shared.memory);
        for &(addr, bytes) in written {
            self.written(addr, bytes);
        }
        result
    }

    /// Tells the observer of a write that has just been done and not ended.
    pub(super) fn written(&self, addr: GuestPhysAddr, bytes: u64) {
        if let Some(observer) = self.watch().observer.get().and_then(Weak::upgrade) {
            // Either the observer finds what was derived from these bytes, or
            // whoever derives something now finds the new ones.
            fence(SeqCst);
            observer.written(addr, bytes);
        }
    }

    fn watch(&self) -> &Watch {
        &self.shared.watch
    }
}
