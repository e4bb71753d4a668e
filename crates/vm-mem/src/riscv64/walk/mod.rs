//! The page-table walker (Privileged §"Virtual Address Translation Process").

use vm_core::{AccessKind, AccessSize, GuestPhysAddr, GuestVirtAddr, PAGE_SHIFT};

use super::{Pbmt, Pte, accepted_perms};
use crate::{GuestRam, tlb::Perms};

/// How addresses are translated: the mode field of `satp`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Not at all.
    Bare,
    /// 39-bit addresses, three levels.
    Sv39,
    /// 48-bit addresses, four levels.
    Sv48,
    /// 57-bit addresses, five levels.
    Sv57,
}

impl Mode {
    /// Decodes `satp.MODE`; `None` for modes that do not exist here.
    pub const fn from_satp(mode: u64) -> Option<Self> {
        match mode {
            0 => Some(Self::Bare),
            8 => Some(Self::Sv39),
            9 => Some(Self::Sv48),
            10 => Some(Self::Sv57),
            _ => None,
        }
    }

    /// The number of page-table levels.
    pub const fn levels(self) -> u32 {
        match self {
            Self::Bare => 0,
            Self::Sv39 => 3,
            Self::Sv48 => 4,
            Self::Sv57 => 5,
        }
    }

    /// Whether bits 63 down to the highest translated one are all equal.
    const fn is_canonical(self, va: u64) -> bool {
        let unused = 64 - (PAGE_SHIFT + VPN_BITS * self.levels());
        ((va << unused) as i64 >> unused) as u64 == va
    }
}

/// Address bits that each level translates.
const VPN_BITS: u32 = 9;
/// log2 of a page-table entry's size in bytes.
const PTE_SHIFT: u32 = 3;
/// log2 of the size of the one range that Svnapot defines, 64 KiB.
const NAPOT_SHIFT: u32 = 16;

/// The state of the hart that a walk depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WalkContext {
    /// `satp.MODE`.
    pub mode: Mode,
    /// `satp.PPN`: the page number of the root table.
    pub root_ppn: u64,
    /// `menvcfg.PBMTE`: whether pages may override memory types (Svpbmt).
    pub pbmte: bool,
    /// `menvcfg.ADUE`: whether the walker sets A and D (Svadu) instead of faulting (Svade).
    pub hw_update_ad: bool,
    /// `sstatus.SUM`: whether supervisor loads and stores may access user pages.
    pub sum: bool,
    /// `sstatus.MXR`: whether executable pages are readable.
    pub mxr: bool,
    /// Whether the effective privilege is U, not S.
    pub user: bool,
}

/// Why a walk ended without a translation. The kind of access chooses among the three
/// exceptions of each sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The page tables do not allow the access.
    #[error("page fault")]
    Page,
    /// A page table is not in accessible memory.
    #[error("access fault")]
    Access,
}

/// Where page tables are. Implementations check PMP with the rights of S-mode.
pub trait PteMemory {
    /// Loads the entry at `gpa`, which is a multiple of 8, in one access.
    ///
    /// `None` if it is not in memory or may not be read.
    fn load(&self, gpa: u64) -> Option<u64>;

    /// Atomically replaces the entry at `gpa` with `new` if it is `current`.
    ///
    /// `Some(Err(found))` if it was not; `None` if it is not in memory or may not be
    /// written.
    fn compare_exchange(&self, gpa: u64, current: u64, new: u64) -> Option<Result<u64, u64>>;
}

impl PteMemory for GuestRam {
    #[inline]
    fn load(&self, gpa: u64) -> Option<u64> {
        self.load(GuestPhysAddr(gpa), AccessSize::Double)
    }

    fn compare_exchange(&self, gpa: u64, current: u64, new: u64) -> Option<Result<u64, u64>> {
        self.compare_exchange(GuestPhysAddr(gpa), current, new)
    }
}

/// A translation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaf {
    /// The physical address of the 4 KiB page that holds the address.
    pub page: GuestPhysAddr,
    /// log2 of the size in bytes of the page it is part of.
    pub page_shift: u8,
    /// What the page tables grant, on the sort of page it is. Loads include what MXR
    /// adds. Stores are left out while the page is clean, so that the first one walks
    /// again and marks it dirty. In [`Mode::Bare`], everything on either sort.
    pub perms: Perms,
    /// Whether every address space shares it.
    pub global: bool,
    /// The memory type.
    pub pbmt: Pbmt,
}

/// Translates `va` for an access of `kind`.
///
/// # Errors
/// [`Fault`]: the exception to raise, in the variant for `kind`.
pub fn walk(
    ctx: &WalkContext,
    va: GuestVirtAddr,
    kind: AccessKind,
    mem: &impl PteMemory,
) -> Result<Leaf, Fault> {
    if ctx.mode == Mode::Bare {
        return Ok(Leaf {
            page: GuestPhysAddr(va.page_base().0),
            page_shift: PAGE_SHIFT as u8,
            perms: Perms::ALL,
            global: false,
            pbmt: Pbmt::Pma,
        });
    }
    if !ctx.mode.is_canonical(va.0) {
        return Err(Fault::Page);
    }
    let mut table_ppn = ctx.root_ppn;
    let mut global = false;
    for level in (0..ctx.mode.levels()).rev() {
        let shift = PAGE_SHIFT + VPN_BITS * level;
        let index = va.0 >> shift & ((1 << VPN_BITS) - 1);
        let slot = (table_ppn << PAGE_SHIFT) + (index << PTE_SHIFT);
        let mut pte = Pte(mem.load(slot).ok_or(Fault::Access)?);
        loop {
            check_common(pte)?;
            // Global holds for everything below a non-leaf entry (§"Sv32").
            let global_so_far = global || pte.has(Pte::G);
            if !pte.is_leaf() {
                check_pointer(pte)?;
                table_ppn = pte.ppn();
                global = global_so_far;
                break;
            }
            check_leaf(ctx, pte, level)?;
            check_access(ctx, pte, kind)?;
            let wanted = wanted_ad(pte, kind);
            if wanted == pte.0 {
                return Ok(leaf(ctx, va, pte, shift, global_so_far));
            }
            if !ctx.hw_update_ad {
                return Err(Fault::Page);
            }
            let swapped = mem.compare_exchange(slot, pte.0, wanted);
            // A lost race means that another hart changed the entry: look at it anew.
            pte = Pte(match swapped.ok_or(Fault::Access)? {
                Ok(_) => wanted,
                Err(found) => found,
            });
        }
    }
    Err(Fault::Page)
}

/// Step 3: what no valid entry may have.
fn check_common(pte: Pte) -> Result<(), Fault> {
    let write_only = pte.has(Pte::W) && !pte.has(Pte::R);
    if !pte.has(Pte::V) || write_only || pte.has(Pte::RESERVED) {
        return Err(Fault::Page);
    }
    Ok(())
}

/// What a pointer to the next table may not have: all bits that mean something in leaves.
fn check_pointer(pte: Pte) -> Result<(), Fault> {
    if pte.has(Pte::D | Pte::A | Pte::U | Pte::PBMT | Pte::N) {
        return Err(Fault::Page);
    }
    Ok(())
}

/// Step 5 and the leaf encodings of Svnapot and Svpbmt.
fn check_leaf(ctx: &WalkContext, pte: Pte, level: u32) -> Result<(), Fault> {
    let low_ppn = pte.ppn() & ((1 << (VPN_BITS * level)) - 1);
    let misaligned = low_ppn != 0;
    let bad_napot = pte.has(Pte::N) && (level != 0 || pte.ppn() & 0xf != 0x8);
    let bad_type = pte.pbmt().is_none() || (pte.has(Pte::PBMT) && !ctx.pbmte);
    if misaligned || bad_napot || bad_type {
        return Err(Fault::Page);
    }
    Ok(())
}

/// Steps 6 to 8: R, W, X and U against the access, SUM and MXR.
fn check_access(ctx: &WalkContext, pte: Pte, kind: AccessKind) -> Result<(), Fault> {
    let granted = granted(ctx, pte, pte.has(Pte::W));
    if granted.intersects(accepted_perms(kind, ctx.user, ctx.sum)) {
        Ok(())
    } else {
        Err(Fault::Page)
    }
}

fn granted(ctx: &WalkContext, pte: Pte, writable: bool) -> Perms {
    let readable = pte.has(Pte::R) || (ctx.mxr && pte.has(Pte::X));
    let sort = if pte.has(Pte::U) {
        Perms::USER
    } else {
        Perms::SUPERVISOR
    };
    Perms::rwx(readable, writable, pte.has(Pte::X)).and(sort)
}

/// Step 9: the entry with A, and for a store D, set.
fn wanted_ad(pte: Pte, kind: AccessKind) -> u64 {
    match kind {
        AccessKind::Write => pte.0 | Pte::A | Pte::D,
        AccessKind::Read | AccessKind::Execute => pte.0 | Pte::A,
    }
}

/// Step 10: the physical page. `shift` is log2 of the page's size at this level.
fn leaf(ctx: &WalkContext, va: GuestVirtAddr, pte: Pte, shift: u32, global: bool) -> Leaf {
    // Of a 64 KiB range, the entry's low four page-number bits encode the size only.
    let page_shift = if pte.has(Pte::N) { NAPOT_SHIFT } else { shift };
    let from_va = (1u64 << page_shift) - 1;
    let page = (pte.ppn() << PAGE_SHIFT & !from_va) | (va.page_base().0 & from_va);
    Leaf {
        page: GuestPhysAddr(page),
        page_shift: page_shift as u8,
        perms: granted(ctx, pte, pte.has(Pte::W) && pte.has(Pte::D)),
        global,
        pbmt: pte.pbmt().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
