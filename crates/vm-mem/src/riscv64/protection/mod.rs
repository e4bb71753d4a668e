//! Physical memory protection (Privileged §"Physical Memory Protection").
//!
//! 16 entries, granularity 4 bytes (G = 0), without Smepmp.

mod check;
mod entry;

use serde::{Deserialize, Serialize};

pub use check::PagePmp;
use entry::{Cfg, Range};

/// The number of entries.
pub const ENTRIES: usize = 16;

/// Bits 53:0 of `pmpaddr`: address bits 55:2.
const ADDR_MASK: u64 = (1 << 54) - 1;
/// Configuration bytes in one `pmpcfg` register of RV64.
const CFGS_PER_REGISTER: usize = 8;

/// The PMP unit of one hart.
///
/// Whoever caches what [`Pmp::check`] or [`Pmp::page`] said drops it when a write
/// returns `true`.
#[derive(Debug, Clone, Default)]
pub struct Pmp {
    cfg: [Cfg; ENTRIES],
    addr: [u64; ENTRIES],
    /// The entries that are not off, in order of priority.
    active: Vec<Rule>,
}

/// An entry that is not off, decoded.
#[derive(Debug, Clone, Copy)]
struct Rule {
    range: Range,
    cfg: Cfg,
}

/// The saved registers of a [`Pmp`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PmpState {
    /// The configuration byte of each entry.
    pub cfg: [u8; ENTRIES],
    /// `pmpaddr` of each entry.
    pub addr: [u64; ENTRIES],
}

impl Pmp {
    /// All entries off, as after reset: M-mode may do everything, S- and U-mode nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads `pmpcfg<index>`. RV64 has the even ones: 0 and 2.
    ///
    /// `None` for a register that does not exist.
    pub fn read_cfg(&self, index: usize) -> Option<u64> {
        let first = first_entry(index)?;
        let bytes = self.cfg.get(first..first + CFGS_PER_REGISTER)?;
        let from_high = bytes.iter().rev();
        Some(from_high.fold(0, |value, cfg| value << 8 | u64::from(cfg.bits())))
    }

    /// Writes `pmpcfg<index>`; locked entries keep their byte.
    ///
    /// Returns whether anything changed, `None` for a register that does not exist.
    pub fn write_cfg(&mut self, index: usize, value: u64) -> Option<bool> {
        let first = first_entry(index)?;
        let cfgs = self.cfg.get_mut(first..first + CFGS_PER_REGISTER)?;
        let mut changed = false;
        for (cfg, byte) in cfgs.iter_mut().zip(value.to_le_bytes()) {
            let new = Cfg::legalize(byte);
            if !cfg.is_locked() && *cfg != new {
                *cfg = new;
                changed = true;
            }
        }
        if changed {
            self.decode();
        }
        Some(changed)
    }

    /// Reads `pmpaddr<index>`, 0 to 15.
    ///
    /// `None` for a register that does not exist.
    pub fn read_addr(&self, index: usize) -> Option<u64> {
        self.addr.get(index).copied()
    }

    /// Writes `pmpaddr<index>`, 0 to 15, unless its entry is locked, or the next one is
    /// and has this address as its lower bound.
    ///
    /// Returns whether anything changed, `None` for a register that does not exist.
    pub fn write_addr(&mut self, index: usize, value: u64) -> Option<bool> {
        let locked = self.cfg.get(index)?.is_locked();
        let bounds_locked = self
            .cfg
            .get(index + 1)
            .is_some_and(|next| next.locks_previous());
        let addr = self.addr.get_mut(index)?;
        let new = value & ADDR_MASK;
        if locked || bounds_locked || *addr == new {
            return Some(false);
        }
        *addr = new;
        self.decode();
        Some(true)
    }

    /// The registers, for a snapshot.
    pub fn save(&self) -> PmpState {
        PmpState {
            cfg: self.cfg.map(Cfg::bits),
            addr: self.addr,
        }
    }

    /// Takes over saved registers, locked ones included. Bits that no register can hold
    /// are dropped as a write would.
    pub fn restore(&mut self, state: &PmpState) {
        self.cfg = state.cfg.map(Cfg::legalize);
        self.addr = state.addr.map(|addr| addr & ADDR_MASK);
        self.decode();
    }

    fn decode(&mut self) {
        self.active.clear();
        let mut previous = 0;
        for (&cfg, &addr) in self.cfg.iter().zip(&self.addr) {
            if let Some(range) = cfg.range(previous, addr) {
                self.active.push(Rule { range, cfg });
            }
            previous = addr;
        }
    }
}

/// The first entry that `pmpcfg<index>` configures. Odd ones do not exist in RV64.
fn first_entry(index: usize) -> Option<usize> {
    match index {
        0 => Some(0),
        2 => Some(CFGS_PER_REGISTER),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
