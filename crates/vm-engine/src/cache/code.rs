//! One translated block.

use std::sync::atomic::{AtomicU64, Ordering};

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
}

impl Code {
    /// A translation of `source` made in fetch epoch `epoch`.
    pub fn new(program: Program, source: Box<[u8]>, epoch: u64) -> Self {
        Self {
            program,
            source,
            verified: AtomicU64::new(epoch),
        }
    }

    /// Whether the block still matches memory at `addr` in fetch epoch `epoch`.
    pub(super) fn verify(&self, ram: &GuestRam, addr: GuestPhysAddr, epoch: u64) -> bool {
        if self.verified.load(Ordering::Relaxed) == epoch {
            return true;
        }
        let mut buffer = [0; MAX_SOURCE];
        let same = buffer
            .get_mut(..self.source.len())
            .is_some_and(|now| ram.read(addr, now).is_ok() && *now == *self.source);
        if same {
            self.verified.store(epoch, Ordering::Relaxed);
        }
        same
    }

    /// Bytes of host memory it occupies, about.
    pub(super) fn footprint(&self) -> usize {
        size_of::<Self>() + self.source.len() + self.program.footprint()
    }
}
