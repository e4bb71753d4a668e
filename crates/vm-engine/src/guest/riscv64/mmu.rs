//! What the hart asks of its MMU ([`vm_mem::riscv64`]), and what it does with the answers.

use vm_core::{AccessKind, AccessSize, GuestVirtAddr};
use vm_mem::{
    GuestRam,
    riscv64::{Context, Fault, Mmu, Satp, sfence_vma, sfence_vma_range},
};

use super::{Riscv64, cause, csr::envcfg, status};
use crate::{
    guest::{Exception, Fill},
    vcpu::Core,
};

impl Riscv64 {
    /// The registers that translation depends on.
    fn mmu_context(&self) -> Context {
        let status = self.regs.status;
        Context {
            privilege: self.privilege,
            lent: status.has(status::MPRV).then(|| status.machine_previous()),
            sum: status.has(status::SUM),
            mxr: status.has(status::MXR),
            satp: Satp(self.regs.satp),
            adue: self.regs.menvcfg & envcfg::ADUE != 0,
            pbmte: self.regs.menvcfg & envcfg::PBMTE != 0,
        }
    }

    /// The hart's MMU as it is now.
    pub(super) fn mmu<'a>(&'a self, ram: &'a GuestRam) -> Mmu<'a> {
        Mmu {
            context: self.mmu_context(),
            pmp: &self.pmp,
            ram,
        }
    }

    /// Recomputes what [`Core`] caches of privilege, `mstatus` and `satp`.
    /// Called after every change to one of them.
    pub(super) fn update_translation(&self, core: &mut Core) {
        let context = self.mmu_context();
        core.data_space = context.space(AccessKind::Read);
        core.fetch_space = context.space(AccessKind::Execute);
        core.accept = [
            context.accept(AccessKind::Read),
            context.accept(AccessKind::Write),
            context.accept(AccessKind::Execute),
        ];
    }

    /// Translates an access, see [`Guest::fill`](crate::guest::Guest::fill).
    pub(super) fn translate(
        &self,
        core: &Core,
        va: u64,
        size: AccessSize,
        kind: AccessKind,
    ) -> Result<Fill, Exception> {
        let mmu = self.mmu(&core.machine.ram);
        mmu.translate(GuestVirtAddr(va), size, kind)
            .map_err(|fault| Exception {
                cause: match fault {
                    Fault::Page => cause::page_fault(kind),
                    Fault::Access => cause::access_fault(kind),
                },
                value: va,
            })
    }

    /// SFENCE.VMA on this hart: of one page or all, of one address space or all.
    pub(super) fn fence(&self, core: &mut Core, va: Option<u64>, asid: Option<u16>) {
        core.flush_translations(&sfence_vma(va.map(GuestVirtAddr), asid));
    }

    /// The same for `pages` pages from `va` on.
    pub(super) fn fence_range(&self, core: &mut Core, va: u64, pages: u64, asid: Option<u16>) {
        for flush in sfence_vma_range(GuestVirtAddr(va), pages, asid) {
            core.flush_translations(&flush);
        }
    }
}

#[cfg(test)]
mod tests;
