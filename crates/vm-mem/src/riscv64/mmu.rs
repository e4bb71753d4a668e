//! The memory management unit of a hart: page tables, then physical memory protection
//! (Privileged 1.13 §12.3, §3.7).

use vm_core::{AccessKind, AccessSize, GuestPhysAddr, GuestVirtAddr};

use super::{Context, Fault, Leaf, PagePmp, Pmp, PteMemory, WalkContext, walk};
use crate::{
    GuestRam,
    tlb::{Fill, Perms, TlbEntry},
};

/// What answers a hart's accesses that no TLB answers.
#[derive(Debug, Clone, Copy)]
pub struct Mmu<'a> {
    /// The hart's registers.
    pub context: Context,
    /// Its physical memory protection.
    pub pmp: &'a Pmp,
    /// The memory with the page tables.
    pub ram: &'a GuestRam,
}

impl Mmu<'_> {
    /// Translates an access of `size` at `va` that lies within one page, and checks that
    /// it is allowed.
    ///
    /// # Errors
    /// The fault that it raises.
    pub fn translate(
        &self,
        va: GuestVirtAddr,
        size: AccessSize,
        kind: AccessKind,
    ) -> Result<Fill, Fault> {
        let leaf = self.walk(va, kind)?;
        let protection = self.pmp.page(leaf.page, self.is_machine(kind));
        let granted = match protection {
            PagePmp::Uniform { .. } => protection.perms(),
            PagePmp::Split => self.granted_to_access(&leaf, va, size, kind),
        };
        let perms = leaf.perms.and(granted);
        if !perms.intersects(self.context.accept(kind)) {
            return Err(Fault::Access);
        }
        Ok(Fill {
            entry: self.entry(va, kind, &leaf, perms),
            cacheable: protection != PagePmp::Split,
        })
    }

    /// Whether protection allows an access of `kind` to `bytes` bytes at `gpa`, which its
    /// translation allows.
    pub fn allows(&self, gpa: GuestPhysAddr, bytes: u64, kind: AccessKind) -> bool {
        self.pmp.check(gpa, bytes, kind, self.is_machine(kind))
    }

    /// Where loads find `va`, if it is anywhere. Neither permissions matter, nor does
    /// anything change: no access is made.
    pub fn find_address(&self, va: GuestVirtAddr) -> Option<GuestPhysAddr> {
        let context = WalkContext {
            hw_update_ad: true,
            // S-mode sees all pages then.
            user: false,
            sum: true,
            mxr: true,
            ..self.walk_context(AccessKind::Read)
        };
        let leaf = walk(&context, va, AccessKind::Read, &Untouched(self.ram)).ok()?;
        Some(leaf.page.wrapping_add(va.page_offset()))
    }

    fn is_machine(&self, kind: AccessKind) -> bool {
        self.context.effective_privilege(kind).is_machine()
    }

    fn walk_context(&self, kind: AccessKind) -> WalkContext {
        let context = &self.context;
        WalkContext {
            mode: context.mode(kind),
            root_ppn: context.satp.root_ppn(),
            pbmte: context.pbmte,
            hw_update_ad: context.adue,
            sum: context.sum,
            mxr: context.mxr,
            user: context.effective_privilege(kind).is_user(),
        }
    }

    fn walk(&self, va: GuestVirtAddr, kind: AccessKind) -> Result<Leaf, Fault> {
        let context = self.walk_context(kind);
        let tables = PageTables {
            ram: self.ram,
            pmp: self.pmp,
        };
        walk(&context, va, kind, &tables)
    }

    /// What protection grants one access to a page that its entries split.
    fn granted_to_access(
        &self,
        leaf: &Leaf,
        va: GuestVirtAddr,
        size: AccessSize,
        kind: AccessKind,
    ) -> Perms {
        let gpa = leaf.page.wrapping_add(va.page_offset());
        if self.allows(gpa, size.bytes(), kind) {
            Perms::user(kind).or(Perms::supervisor(kind))
        } else {
            Perms::NONE
        }
    }

    fn entry(&self, va: GuestVirtAddr, kind: AccessKind, leaf: &Leaf, perms: Perms) -> TlbEntry {
        let entry = TlbEntry {
            vpn: va.page(),
            space: self.context.space(kind),
            ppn: leaf.page.page(),
            host: 0,
            host_write: 0,
            page_shift: leaf.page_shift,
            global: leaf.global,
            perms,
        };
        entry.backed_by(self.ram)
    }
}

/// Page tables in RAM, seen through protection with the rights of S-mode (§3.7.1).
struct PageTables<'a> {
    ram: &'a GuestRam,
    pmp: &'a Pmp,
}

impl PageTables<'_> {
    fn allows(&self, gpa: u64, kind: AccessKind) -> Option<()> {
        let bytes = AccessSize::Double.bytes();
        self.pmp
            .check(GuestPhysAddr(gpa), bytes, kind, false)
            .then_some(())
    }
}

impl PteMemory for PageTables<'_> {
    fn load(&self, gpa: u64) -> Option<u64> {
        self.allows(gpa, AccessKind::Read)?;
        PteMemory::load(self.ram, gpa)
    }

    fn compare_exchange(&self, gpa: u64, current: u64, new: u64) -> Option<Result<u64, u64>> {
        self.allows(gpa, AccessKind::Write)?;
        PteMemory::compare_exchange(self.ram, gpa, current, new)
    }
}

/// Page tables in RAM that are looked at and stay as they are.
struct Untouched<'a>(&'a GuestRam);

impl PteMemory for Untouched<'_> {
    fn load(&self, gpa: u64) -> Option<u64> {
        PteMemory::load(self.0, gpa)
    }

    fn compare_exchange(&self, _: u64, current: u64, _: u64) -> Option<Result<u64, u64>> {
        Some(Ok(current))
    }
}

#[cfg(test)]
mod tests;
