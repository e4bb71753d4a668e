//! One translated block.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use vm_core::GuestPhysAddr;
use vm_mem::GuestRam;

use crate::interp::Program;

/// Bytes of guest code that a block can come from, at most.
pub const MAX_SOURCE: usize = 512;

/// A block as tier 0 runs it, with what it was translated from.
#[derive(Debug)]
pub struct Code {
    /// What to run.
    pub program: Program,
    /// The guest code, for comparing it with memory later.
    source: Box<[u8]>,
    /// The fetch epoch in which `source` was last known to match memory.
    verified: AtomicU64,
    /// Its source was stored to.
    void: AtomicBool,
}

impl Code {
    /// A translation of `source` made in fetch epoch `epoch`.
    pub fn new(program: Program, source: Box<[u8]>, epoch: u64) -> Self {
        Self {
            program,
            source,
            verified: AtomicU64::new(epoch),
            void: AtomicBool::new(false),
        }
    }

    /// Length of the guest code.
    pub fn bytes(&self) -> u64 {
        self.source.len() as u64
    }

    /// Whether the block must not be entered any more. Who still runs it may
    /// finish it.
    #[inline(always)]
    pub fn is_void(&self) -> bool {
        self.void.load(Ordering::Relaxed)
    }

    pub(super) fn void(&self) {
        self.void.store(true, Ordering::SeqCst);
    }

    /// Whether the block still matches memory at `addr` in fetch epoch `epoch`.
    pub(super) fn verify(&self, ram: &GuestRam, addr: GuestPhysAddr, epoch: u64) -> bool {
        if self.verified.load(Ordering::Relaxed) == epoch {
            return true;
        }
        let same = self.matches(ram, addr, 0, self.source.len());
        if same {
            self.verified.store(epoch, Ordering::Relaxed);
        }
        same
    }

    /// Whether memory at `addr` holds the `len` source bytes from `start` on.
    pub(super) fn matches(
        &self,
        ram: &GuestRam,
        addr: GuestPhysAddr,
        start: usize,
        len: usize,
    ) -> bool {
        let mut buffer = [0; MAX_SOURCE];
        match (self.source.get(start..start + len), buffer.get_mut(..len)) {
            (Some(source), Some(now)) => ram.read(addr, now).is_ok() && *now == *source,
            _ => false,
        }
    }

    /// Bytes of host memory it occupies, about.
    pub(super) fn footprint(&self) -> usize {
        size_of::<Self>() + self.source.len() + self.program.footprint()
    }
}
