//! What a machine may choose about a hart.

use std::sync::Arc;

use super::{Firmware, csr::envcfg};
use crate::host;

/// What a machine may choose about a hart.
#[derive(Clone, Default)]
pub struct HartConfig {
    /// `mhartid`, unique in the machine.
    pub hart_id: u64,
    /// `mvendorid`: 0 or a JEDEC number; 32 bits.
    pub vendor_id: u32,
    /// `marchid`.
    pub arch_id: u64,
    /// `mimpid`.
    pub implementation_id: u64,
    /// What `menvcfg` holds after a reset, of the fields that the hart has: bits of
    /// [`envcfg`](super::envcfg). Firmware that is built in sets its own.
    pub reset_envcfg: u64,
    /// Answers `ECALL`s from S-mode; `None` where they trap to M-mode.
    pub firmware: Option<Arc<dyn Firmware>>,
    /// Extensions the hart has.
    pub extensions: Extensions,
}

/// Extensions that can be left out. By default there are all that the host allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extensions {
    /// Sstc: `stimecmp`.
    pub sstc: bool,
    /// Svadu: page-table walks set A and D where `menvcfg.ADUE` says so.
    /// Without it or with ADUE clear, they fault (Svade).
    pub svadu: bool,
    /// Svpbmt: page-based memory types.
    pub svpbmt: bool,
    /// Zacas: compare-and-swap of up to 16 bytes. Without it, that of 16 bytes is illegal;
    /// the others stay, as does every instruction whose bits nothing else takes.
    pub zacas: bool,
    /// Zicbom: cache-block management.
    pub zicbom: bool,
    /// Zicboz: cache-block zero.
    pub zicboz: bool,
}

impl Default for Extensions {
    fn default() -> Self {
        Self {
            sstc: true,
            svadu: true,
            svpbmt: true,
            zacas: host::has_pair_compare_exchange(),
            zicbom: true,
            zicboz: true,
        }
    }
}

impl Extensions {
    /// The fields of `menvcfg` that exist.
    pub(super) const fn envcfg_mask(self) -> u64 {
        let mut mask = envcfg::FIOM;
        if self.sstc {
            mask |= envcfg::STCE;
        }
        if self.svadu {
            mask |= envcfg::ADUE;
        }
        if self.svpbmt {
            mask |= envcfg::PBMTE;
        }
        if self.zicbom {
            mask |= envcfg::CBIE | envcfg::CBCFE;
        }
        if self.zicboz {
            mask |= envcfg::CBZE;
        }
        mask
    }

    /// `menvcfg` with everything there is switched on for S-mode.
    pub(super) const fn supervisor_envcfg(self) -> u64 {
        self.envcfg_mask() & !envcfg::FIOM
    }
}
