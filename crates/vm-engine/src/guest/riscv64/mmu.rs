//! Address translation and protection (Privileged 1.13 §12.3, §3.7).

use vm_core::{AccessKind, AccessSize, GuestPhysAddr, GuestVirtAddr, PAGE_SIZE};
use vm_mem::{
    GuestRam, Perms, Space, TlbEntry,
    riscv64::{
        Leaf, Mode, PagePmp, Pmp, PteMemory, WalkContext, WalkFault, accepted_perms, sfence_vma,
        walk,
    },
};

use super::{Privilege, Riscv64, cause, csr::envcfg, status};
use crate::{
    guest::{Exception, Fill},
    vcpu::Core,
};

/// Translation regimes: what changes the meaning of a cached translation but
/// is neither privilege nor SUM, which [`Core::accept`] tells apart.
mod regime {
    /// M-mode: no translation, its own PMP rules.
    pub(super) const MACHINE: u8 = 0;
    /// S- and U-mode without translation.
    pub(super) const BARE: u8 = 1;
    /// The first of the paged ones: two for each mode, without and with MXR.
    pub(super) const PAGED: u8 = 2;
}

/// More pages than this are flushed as a whole: the TLB holds fewer entries.
const MAX_PAGEWISE_FLUSH: u64 = 64;

/// Page tables in RAM, seen through PMP with the rights of S-mode (§3.7.1).
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

impl Riscv64 {
    /// The privilege with which memory is accessed: MPRV lends that of MPP to
    /// loads and stores (§3.1.6.3).
    pub(super) fn effective_privilege(&self, kind: AccessKind) -> Privilege {
        if kind != AccessKind::Execute && self.regs.status.has(status::MPRV) {
            self.regs.status.machine_previous()
        } else {
            self.privilege
        }
    }

    /// Recomputes what [`Core`] caches of privilege, `mstatus` and `satp`.
    /// Called after every change to one of them.
    pub(super) fn update_translation(&self, core: &mut Core) {
        let data = self.effective_privilege(AccessKind::Read);
        core.data_space = self.space(data);
        core.fetch_space = self.space(self.privilege);
        let sum = self.regs.status.has(status::SUM);
        core.accept = [
            accepted_perms(AccessKind::Read, data.is_user(), sum),
            accepted_perms(AccessKind::Write, data.is_user(), sum),
            accepted_perms(AccessKind::Execute, self.privilege.is_user(), sum),
        ];
    }

    fn space(&self, privilege: Privilege) -> Space {
        let asid = (self.regs.satp >> 44) as u16;
        let level = match self.mode(privilege) {
            Mode::Bare if privilege.is_machine() => return Space::new(regime::MACHINE, 0, 0),
            Mode::Bare => return Space::new(regime::BARE, 0, 0),
            Mode::Sv39 => 0,
            Mode::Sv48 => 1,
            Mode::Sv57 => 2,
        };
        let mxr = u8::from(self.regs.status.has(status::MXR));
        Space::new(regime::PAGED + 2 * level + mxr, 0, asid)
    }

    fn mode(&self, privilege: Privilege) -> Mode {
        if privilege.is_machine() {
            return Mode::Bare;
        }
        Mode::from_satp(self.regs.satp >> 60).unwrap_or(Mode::Bare)
    }

    /// Translates an access, see [`Guest::fill`](crate::guest::Guest::fill).
    pub(super) fn translate(
        &mut self,
        core: &mut Core,
        va: u64,
        size: AccessSize,
        kind: AccessKind,
    ) -> Result<Fill, Exception> {
        let privilege = self.effective_privilege(kind);
        let leaf = self
            .walk(core, va, kind, privilege)
            .map_err(|fault| Exception {
                cause: match fault {
                    WalkFault::Page => cause::page_fault(kind),
                    WalkFault::Access => cause::access_fault(kind),
                },
                value: va,
            })?;
        let protection = self.pmp.page(leaf.page, privilege.is_machine());
        let cacheable = protection != PagePmp::Split;
        let granted = match protection {
            PagePmp::Uniform { .. } => protection.perms(),
            PagePmp::Split => self.access_perms(&leaf, va, size, kind, privilege),
        };
        let perms = leaf.perms.and(granted);
        if !perms.intersects(core.accept[kind as usize]) {
            return Err(Exception {
                cause: cause::access_fault(kind),
                value: va,
            });
        }
        let space = self.space(privilege);
        Ok(Fill {
            entry: entry(&core.machine.ram, va, space, &leaf, perms),
            cacheable,
        })
    }

    fn walk(
        &self,
        core: &Core,
        va: u64,
        kind: AccessKind,
        privilege: Privilege,
    ) -> Result<Leaf, WalkFault> {
        let context = WalkContext {
            mode: self.mode(privilege),
            root_ppn: self.regs.satp & ((1 << 44) - 1),
            pbmte: self.regs.menvcfg & envcfg::PBMTE != 0,
            hw_update_ad: self.regs.menvcfg & envcfg::ADUE != 0,
            sum: self.regs.status.has(status::SUM),
            mxr: self.regs.status.has(status::MXR),
            user: privilege.is_user(),
        };
        let tables = PageTables {
            ram: &core.machine.ram,
            pmp: &self.pmp,
        };
        walk(&context, GuestVirtAddr(va), kind, &tables)
    }

    /// What PMP grants one access to a page that its entries split.
    fn access_perms(
        &self,
        leaf: &Leaf,
        va: u64,
        size: AccessSize,
        kind: AccessKind,
        privilege: Privilege,
    ) -> Perms {
        let gpa = leaf.page.wrapping_add(GuestVirtAddr(va).page_offset());
        if self
            .pmp
            .check(gpa, size.bytes(), kind, privilege.is_machine())
        {
            Perms::user(kind).or(Perms::supervisor(kind))
        } else {
            Perms::NONE
        }
    }

    /// SFENCE.VMA on this hart: of one page or all, of one address space or all.
    pub(super) fn fence(&self, core: &mut Core, va: Option<u64>, asid: Option<u16>) {
        sfence_vma(&mut core.tlb, va.map(GuestVirtAddr), asid);
        core.short_tlbs.flush(va, asid);
        match (va, asid) {
            (None, None) => core.jump_flush.all(),
            (None, Some(asid)) => core.jump_flush.non_global(asid),
            (Some(va), asid) => core.jump_flush.page(va, asid),
        }
    }

    /// The same for `pages` pages from `va` on.
    pub(super) fn fence_range(&self, core: &mut Core, va: u64, pages: u64, asid: Option<u16>) {
        if pages > MAX_PAGEWISE_FLUSH {
            return self.fence(core, None, asid);
        }
        for page in 0..pages {
            self.fence(core, Some(va.wrapping_add(page * PAGE_SIZE)), asid);
        }
    }
}

fn entry(ram: &GuestRam, va: u64, space: Space, leaf: &Leaf, perms: Perms) -> TlbEntry {
    let host = ram
        .host_ptr(leaf.page, PAGE_SIZE)
        .map_or(0, |page| page.as_ptr() as usize);
    TlbEntry {
        vpn: GuestVirtAddr(va).page(),
        space,
        ppn: leaf.page.page(),
        host,
        host_write: host,
        page_shift: leaf.page_shift,
        global: leaf.global,
        perms,
    }
}

#[cfg(test)]
mod tests;
