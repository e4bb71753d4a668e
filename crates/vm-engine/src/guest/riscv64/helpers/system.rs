//! WFI and fences.

use crate::{
    guest::{
        Exception, Outcome,
        riscv64::{Riscv64, status, trap::illegal},
    },
    vcpu::Core,
};

/// Bit positions of the register fields rs1 and rs2.
const RS1: u32 = 15;
const RS2: u32 = 20;

impl Riscv64 {
    /// WFI (Privileged 1.13 §3.3.3). Where waiting needs a time limit, that is
    /// in S-mode with TW set and in U-mode always, the limit is 0.
    pub(super) fn wfi(&self, bits: u64) -> Result<Outcome, Exception> {
        let limited = self.privilege.is_user()
            || (self.privilege.is_supervisor() && self.regs.status.has(status::TW));
        if limited {
            Err(illegal(bits))
        } else {
            Ok(Outcome::Halt)
        }
    }

    /// FENCE.I.
    pub(in super::super) fn fence_i(&self, core: &mut Core) -> Outcome {
        core.sync_instructions();
        Outcome::Value(0)
    }

    /// SFENCE.VMA and SINVAL.VMA (Privileged 1.13 §12.2.1). TVM takes them from
    /// S-mode (§3.1.6.5).
    pub(super) fn sfence_vma(
        &self,
        core: &mut Core,
        va: u64,
        asid: u64,
        bits: u64,
    ) -> Result<Outcome, Exception> {
        let trapped = self.privilege.is_supervisor() && self.regs.status.has(status::TVM);
        if self.privilege.is_user() || trapped {
            return Err(illegal(bits));
        }
        // x0 means all; another register that holds 0 means address or ASID 0.
        let given = |shift: u32| bits >> shift & 0x1f != 0;
        let va = given(RS1).then_some(va);
        let asid = given(RS2).then_some(asid as u16);
        self.fence(core, va, asid);
        Ok(Outcome::Value(0))
    }

    /// SFENCE.W.INVAL and SFENCE.INVAL.IR (Svinval): SINVAL.VMA is done at once,
    /// there is nothing to order.
    pub(super) fn sfence_order(&self, bits: u64) -> Result<Outcome, Exception> {
        if self.privilege.is_user() {
            Err(illegal(bits))
        } else {
            Ok(Outcome::Value(0))
        }
    }
}
