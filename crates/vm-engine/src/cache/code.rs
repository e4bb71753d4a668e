//! One translated block.

use std::sync::{
    OnceLock,
    atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
};

use vm_core::GuestPhysAddr;
use vm_cross_arch::ir::{Block, PackedBlock};
use vm_mem::GuestRam;

use crate::interp::Program;

/// Bytes of guest code that a block of any guest can come from, at most; each guest's
/// own limit is [`Isa::MAX_BLOCK_BYTES`](vm_cross_arch::guest::Isa::MAX_BLOCK_BYTES).
pub const MAX_SOURCE: usize = 512;

/// Where a block's source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// In one page: every vCPU finds the block by its physical address and
    /// the guest context.
    Shared {
        /// Of its first byte.
        addr: GuestPhysAddr,
        /// The key of [`Guest::context`](crate::guest::Guest::context).
        context: u32,
    },
    /// In two pages, or in what physical protection splits: one vCPU's own.
    Private {
        /// Physical address of its first byte.
        first: GuestPhysAddr,
        /// Physical address of its last bytes.
        last: GuestPhysAddr,
        /// The guest context.
        context: u32,
    },
}

impl Origin {
    /// The key of the guest context that the block is for.
    pub(crate) const fn context(self) -> u32 {
        match self {
            Self::Shared { context, .. } | Self::Private { context, .. } => context,
        }
    }
}

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
    invalid: AtomicBool,
    origin: Origin,
    /// How often it was interpreted, about.
    executions: AtomicU32,
    /// For one that is a vCPU's own: number of its generated code, and the
    /// epoch of its region in which that counts.
    private_host: AtomicU64,
    /// Its IR, for those vCPUs that are yet to compile it.
    ir: OnceLock<Box<PackedBlock>>,
}

impl Code {
    /// A translation of `source` made in fetch epoch `epoch`.
    pub fn new(program: Program, source: Box<[u8]>, epoch: u64, origin: Origin) -> Self {
        Self {
            program,
            source,
            verified: AtomicU64::new(epoch),
            invalid: AtomicBool::new(false),
            origin,
            executions: AtomicU32::new(0),
            private_host: AtomicU64::new(0),
            ir: OnceLock::new(),
        }
    }

    pub(crate) fn origin(&self) -> Origin {
        self.origin
    }

    /// The guest code.
    pub(crate) fn source(&self) -> &[u8] {
        &self.source
    }

    /// Counts a run of the block in tier 0; returns how many there were. Runs
    /// at the same moment may count as one.
    #[inline(always)]
    pub(crate) fn count_execution(&self) -> u32 {
        let executions = self.executions.load(Ordering::Relaxed).saturating_add(1);
        self.executions.store(executions, Ordering::Relaxed);
        executions
    }

    /// How often it has run in tier 0, about.
    pub(crate) fn executions(&self) -> u32 {
        self.executions.load(Ordering::Relaxed)
    }

    /// Number and epoch of the generated code, if there was any.
    pub(crate) fn private_host(&self) -> Option<(u32, u32)> {
        let word = self.private_host.load(Ordering::Relaxed);
        (word != 0).then_some((word as u32, (word >> 32) as u32))
    }

    pub(crate) fn set_private_host(&self, number: u32, epoch: u32) {
        let word = u64::from(epoch) << 32 | u64::from(number);
        self.private_host.store(word, Ordering::Relaxed);
    }

    /// Its IR after all passes, if somebody has [kept](Self::keep_ir) it.
    pub(crate) fn ir(&self) -> Option<Block> {
        self.ir.get()?.unpack()
    }

    /// Keeps its IR for others: `block`.
    pub(crate) fn keep_ir(&self, block: &Block) {
        self.ir.get_or_init(|| Box::new(block.pack()));
    }

    /// Length of the guest code.
    pub fn bytes(&self) -> u64 {
        self.source.len() as u64
    }

    /// Whether the block must not be entered any more. Who still runs it may
    /// finish it.
    #[inline(always)]
    pub fn is_invalid(&self) -> bool {
        self.invalid.load(Ordering::Relaxed)
    }

    pub(crate) fn invalidate(&self) {
        self.invalid.store(true, Ordering::SeqCst);
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
    pub(crate) fn matches(
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

    /// Bytes of host memory it occupies, about: without the IR, which may come later.
    pub(super) fn footprint(&self) -> usize {
        size_of::<Self>() + self.source.len() + self.program.footprint()
    }
}
