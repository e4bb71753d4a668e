//! Tier 1: blocks compiled to host code in one pass.
//!
//! Each vCPU has generated code of its own: links and tables need no
//! synchronisation, and what one vCPU does never waits for another. Stores
//! that invalidate blocks are told to all vCPUs, which drop their code before the
//! guest's next instruction-fetch fence completes on them.

mod cache;
mod callbacks;
mod code_memory;
mod code_space;
mod exposed;
mod jumps;
mod processor;
mod region;
mod short_tlb;
mod state;
mod young;

use vm_cross_arch::host::{Backend, Native};

pub use cache::JitStats;
pub(crate) use cache::{HostCache, Target};
pub(crate) use callbacks::{callbacks, enter};
pub use processor::{HostFeatures, Processor};
pub(crate) use region::OpSite;
pub use short_tlb::ShortTlbs;
pub(crate) use short_tlb::View;
pub(crate) use state::{JitState, LoneReservation};

/// Whether there is a back-end for this host's processor.
pub const SUPPORTED: bool = Native::SUPPORTED;

/// Guest instructions between two looks at what others want of the vCPU.
pub(crate) const BUDGET: i32 = 10_000;
