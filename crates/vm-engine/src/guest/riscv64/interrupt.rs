//! Which interrupts are pending, enabled and most urgent (Privileged 1.13 §3.1.9).

use super::{
    Riscv64,
    cause::interrupt::{self, MEI, MSI, MTI, SEI, SSI, STI},
    csr::envcfg,
    status,
};
use crate::vcpu::Core;

/// From most to least urgent.
const PRIORITY: [u32; 6] = [MEI, MSI, MTI, SEI, SSI, STI];

impl Riscv64 {
    /// `mip` as software reads it, but for a supervisor timer that expires at
    /// this moment.
    pub(super) fn pending(&self, core: &Core) -> u64 {
        (core.control.lines() | self.soft_pending()) & interrupt::ALL
    }

    /// The software-written bits of `mip` that count. With Sstc, STIP is the
    /// comparator's alone.
    pub(super) fn soft_pending(&self) -> u64 {
        if self.regs.menvcfg & envcfg::STCE != 0 {
            self.regs.soft_pending & !(1 << STI)
        } else {
            self.regs.soft_pending
        }
    }

    /// Whether an interrupt is pending that `mie` lets through, which ends a
    /// WFI whatever `mstatus` and delegation say (§3.3.3).
    pub(super) fn interrupt_pending(&self, core: &Core) -> bool {
        self.pending(core) & self.regs.mie != 0
    }

    /// The interrupts that would be taken now, as bits.
    fn deliverable(&self, core: &Core) -> u64 {
        let candidates = self.pending(core) & self.regs.mie;
        if candidates == 0 {
            return 0;
        }
        let status = self.regs.status;
        let machine = candidates & !self.regs.mideleg;
        if machine != 0 && (!self.privilege.is_machine() || status.has(status::MIE)) {
            return machine;
        }
        let supervisor_open =
            self.privilege.is_user() || (self.privilege.is_supervisor() && status.has(status::SIE));
        if supervisor_open {
            candidates & self.regs.mideleg
        } else {
            0
        }
    }

    /// Takes the most urgent interrupt, if any; returns the handler's address.
    pub(super) fn deliver_interrupt(&mut self, core: &mut Core, pc: u64) -> Option<u64> {
        let deliverable = self.deliverable(core);
        let number = PRIORITY
            .into_iter()
            .find(|number| deliverable >> number & 1 != 0)?;
        Some(self.enter_interrupt(core, pc, number))
    }
}

#[cfg(test)]
mod tests;
