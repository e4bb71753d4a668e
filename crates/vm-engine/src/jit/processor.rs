//! The processor that code is made for.

use vm_cross_arch::host::{Backend, Features, Native};

use super::MIN_CODE_BYTES;

/// What the host's processor offers beyond its architecture's baseline.
pub type HostFeatures = <Native as Backend>::Features;

/// A processor of the host's architecture, which may offer less than that of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Processor {
    /// What it offers beyond the baseline.
    pub features: HostFeatures,
    /// How many bytes its jumps span at most: those to further away lead through veneers.
    pub reach: u32,
}

impl Processor {
    /// The least [`reach`](Self::reach): room for several of the largest blocks.
    pub const LEAST_REACH: u32 = MIN_CODE_BYTES;

    /// The one that this runs on.
    pub fn of_host() -> Self {
        Self {
            features: HostFeatures::detect(),
            reach: u32::MAX,
        }
    }

    /// One with the baseline of the architecture alone, and the shortest jumps.
    pub fn least() -> Self {
        Self {
            features: HostFeatures::default(),
            reach: Self::LEAST_REACH,
        }
    }

    /// What both can do.
    #[must_use]
    pub(crate) fn common(self, other: Self) -> Self {
        Self {
            features: self.features.common(other.features),
            reach: self.reach.min(other.reach).max(Self::LEAST_REACH),
        }
    }
}
