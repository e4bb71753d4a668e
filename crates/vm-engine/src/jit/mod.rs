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

use std::ops::RangeInclusive;

use vm_cross_arch::host::{Backend, Native};

pub use cache::JitStats;
pub(crate) use cache::{HostCache, Target};
pub(crate) use callbacks::{callbacks, enter};
pub use processor::{HostFeatures, Processor};
pub(crate) use region::OpSite;
pub use short_tlb::ShortTlbs;
pub(crate) use short_tlb::View;
pub(crate) use state::{JitState, LoneReservation};

/// Room for several of the largest blocks, in bytes.
const MIN_CODE_BYTES: u32 = 64 << 10;

const _: () = assert!(
    Native::MAX_CODE_BYTES <= i32::MAX as u32 && MIN_CODE_BYTES <= Native::MAX_CODE_BYTES,
    "distances in code memory are `i32`s"
);

/// How much memory the code of a vCPU can take, in bytes
/// ([`TierPolicy::code_bytes`](vm_optimizers::TierPolicy::code_bytes)).
pub const CODE_RANGE: RangeInclusive<usize> =
    MIN_CODE_BYTES as usize..=Native::MAX_CODE_BYTES as usize;

/// Whether there is a back-end for this host's processor.
pub const SUPPORTED: bool = Native::SUPPORTED;

/// Guest instructions between two looks at what others want of the vCPU.
pub(crate) const BUDGET: i32 = 10_000;

#[cfg(test)]
mod tests {
    use vm_optimizers::TierPolicy;

    use super::*;

    #[test]
    fn the_default_is_possible() {
        let code = TierPolicy::default().code_bytes;
        assert!(CODE_RANGE.contains(&code));
    }
}
