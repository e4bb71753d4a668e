//! `satp` (Privileged 1.13 §12.1.11).

use super::Mode;

/// The register that holds the root of the page tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Satp(pub u64);

impl Satp {
    const MODE_SHIFT: u32 = 60;
    const ASID_SHIFT: u32 = 44;

    /// MODE; `None` if it is not one that exists here.
    #[inline]
    pub const fn mode(self) -> Option<Mode> {
        Mode::from_satp(self.0 >> Self::MODE_SHIFT)
    }

    /// ASID: the number of the address space.
    #[inline]
    pub const fn asid(self) -> u16 {
        (self.0 >> Self::ASID_SHIFT) as u16
    }

    /// PPN: the page number of the root table.
    #[inline]
    pub const fn root_ppn(self) -> u64 {
        self.0 & ((1 << Self::ASID_SHIFT) - 1)
    }
}
