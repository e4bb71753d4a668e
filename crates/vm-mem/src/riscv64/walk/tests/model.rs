//! The manual's algorithm in other words: recursive, bit by bit, on a plain map.

use std::collections::BTreeMap;

use vm_core::AccessKind;

use crate::riscv64::{Fault, Mode, WalkContext};

/// What the model finds: physical address, log2 of the page size, global, memory type.
pub(super) type Found = (u64, u32, bool, u64);

pub(super) struct Model<'a> {
    pub(super) ctx: WalkContext,
    pub(super) kind: AccessKind,
    pub(super) tables: &'a mut BTreeMap<u64, u64>,
    pub(super) read_only: bool,
}

fn bit(value: u64, n: u32) -> bool {
    value / 2u64.pow(n) % 2 == 1
}

fn bits(value: u64, high: u32, low: u32) -> u64 {
    (low..=high)
        .rev()
        .fold(0, |sum, n| sum * 2 + u64::from(bit(value, n)))
}

impl Model<'_> {
    pub(super) fn translate(&mut self, va: u64) -> Result<Found, Fault> {
        let (levels, width) = match self.ctx.mode {
            Mode::Bare => return Ok((va, 12, false, 0)),
            Mode::Sv39 => (3, 39),
            Mode::Sv48 => (4, 48),
            Mode::Sv57 => (5, 57),
        };
        let sign = bit(va, width - 1);
        if (width..64).any(|n| bit(va, n) != sign) {
            return Err(Fault::Page);
        }
        self.step(va, self.ctx.root_ppn, levels - 1, false)
    }

    fn step(&mut self, va: u64, table: u64, level: u32, global: bool) -> Result<Found, Fault> {
        let low = 12 + 9 * level;
        let at = table * 4096 + bits(va, low + 8, low) * 8;
        let pte = *self.tables.get(&at).ok_or(Fault::Access)?;
        let [v, r, w, x, u, g, a, d] = std::array::from_fn(|n| bit(pte, n as u32));
        let (ppn, kind_of_memory, n) = (bits(pte, 53, 10), bits(pte, 62, 61), bit(pte, 63));
        if !v || (w && !r) || bits(pte, 60, 54) != 0 {
            return Err(Fault::Page);
        }
        if !r && !x {
            if u || a || d || n || kind_of_memory != 0 || level == 0 {
                return Err(Fault::Page);
            }
            return self.step(va, ppn, level - 1, global || g);
        }
        if kind_of_memory == 3 || (kind_of_memory != 0 && !self.ctx.pbmte) {
            return Err(Fault::Page);
        }
        if !self.permitted(r, w, x, u) {
            return Err(Fault::Page);
        }
        let size = 2u64.pow(low);
        let (base, shift) = match (n, level) {
            (false, _) if ppn * 4096 % size == 0 => (ppn * 4096 + va % size, low),
            (true, 0) if ppn % 16 == 8 => ((ppn - 8) * 4096 + va % 65536, 16),
            _ => return Err(Fault::Page),
        };
        let needs_d = self.kind == AccessKind::Write;
        if !a || (needs_d && !d) {
            self.mark(at, pte, needs_d)?;
        }
        Ok((base, shift, global || g, kind_of_memory))
    }

    fn permitted(&self, r: bool, w: bool, x: bool, user_page: bool) -> bool {
        let sort_fits = match (self.ctx.user, user_page) {
            (true, true) | (false, false) => true,
            (true, false) => false,
            (false, true) => self.ctx.sum && self.kind != AccessKind::Execute,
        };
        let allowed = match self.kind {
            AccessKind::Read => r || (x && self.ctx.mxr),
            AccessKind::Write => w,
            AccessKind::Execute => x,
        };
        sort_fits && allowed
    }

    fn mark(&mut self, at: u64, pte: u64, dirty: bool) -> Result<(), Fault> {
        if !self.ctx.hw_update_ad {
            return Err(Fault::Page);
        }
        if self.read_only {
            return Err(Fault::Access);
        }
        let set = 0x40 + if dirty { 0x80 } else { 0 };
        self.tables.insert(at, pte | set);
        Ok(())
    }
}
