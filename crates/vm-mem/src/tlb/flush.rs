//! What a fence drops.

use vm_core::GuestVirtAddr;

use super::SpaceFilter;

/// Which of the cached translations go: what every guest's fences come to, for every
/// cache that holds translations or depends on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flush {
    /// Those of the page, of whatever size, that contains this address; if `None`, those
    /// of all pages.
    pub page: Option<GuestVirtAddr>,
    /// Those of these address spaces.
    pub filter: SpaceFilter,
}

impl Flush {
    /// All of them.
    pub const ALL: Self = Self {
        page: None,
        filter: SpaceFilter::ALL,
    };
}
