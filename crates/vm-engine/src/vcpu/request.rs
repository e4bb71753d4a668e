//! What other threads ask of a vCPU.

use std::sync::Arc;

use parking_lot::{Condvar, Mutex};

/// A job for a vCPU, done between two blocks.
#[derive(Debug, Clone)]
pub enum VcpuRequest {
    /// Drop direct write access to the physical page with this number: it
    /// holds translated code now.
    DropWrites {
        /// The guest-physical page number.
        page: u64,
    },
    /// Forget the addresses of translated blocks: some were invalidated.
    FlushJumpCache,
    /// Make earlier stores visible to instruction fetch.
    SyncInstructions,
    /// Forget translations of `pages` pages from `va` on, of one address space
    /// or of all.
    FlushTlb {
        /// The first virtual address.
        va: u64,
        /// How many pages; `u64::MAX` for everything.
        pages: u64,
        /// The address-space identifier, `None` for all.
        asid: Option<u16>,
    },
    /// Start a stopped vCPU at `pc`, with `arg` as the architecture's boot argument.
    Start {
        /// Entry point, a physical address.
        pc: u64,
        /// The argument.
        arg: u64,
    },
    /// Tell when all earlier requests are done.
    Notify(Arc<Completion>),
}

/// Counts outstanding acknowledgements.
#[derive(Debug, Default)]
pub struct Completion {
    outstanding: Mutex<usize>,
    done: Condvar,
}

impl Completion {
    /// One that waits for `count` acknowledgements.
    pub fn new(count: usize) -> Self {
        Self {
            outstanding: Mutex::new(count),
            done: Condvar::new(),
        }
    }

    /// Acknowledges once.
    pub fn complete(&self) {
        let mut outstanding = self.outstanding.lock();
        *outstanding = outstanding.saturating_sub(1);
        if *outstanding == 0 {
            self.done.notify_all();
        }
    }

    /// Whether all have acknowledged.
    pub fn is_done(&self) -> bool {
        *self.outstanding.lock() == 0
    }

    /// Waits until all have acknowledged, at most `timeout`; tells whether they have.
    pub fn wait_for(&self, timeout: std::time::Duration) -> bool {
        let mut outstanding = self.outstanding.lock();
        if *outstanding != 0 {
            self.done.wait_for(&mut outstanding, timeout);
        }
        *outstanding == 0
    }
}
