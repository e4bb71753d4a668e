//! RISC-V as the engine sees it.

use vm_core::{AccessKind, AccessSize};
use vm_cross_arch::guest::riscv64::{Context, Rv64};

use super::{Privilege, Riscv64, cause};
use crate::{
    guest::{Exception, Fill, Guest, HelperCall, Outcome},
    vcpu::Core,
};

impl Guest for Riscv64 {
    type Isa = Rv64;

    #[inline]
    fn context(&self) -> Context {
        Context::new(self.privilege.bits())
            .with(Context::FP_ENABLED, self.regs.status.fp_on())
            .with(Context::ROUNDING_VALID, self.rounding_valid())
            .with(Context::ROUNDS_TO_NEAREST, self.regs.frm == 0)
            .with(Context::ZERO_BLOCK, self.may_zero_blocks())
    }

    fn fill(
        &mut self,
        core: &mut Core,
        va: u64,
        size: AccessSize,
        kind: AccessKind,
    ) -> Result<Fill, Exception> {
        self.translate(core, va, size, kind)
    }

    fn access_fault(&self, va: u64, kind: AccessKind) -> Exception {
        Exception {
            cause: cause::access_fault(kind),
            value: va,
        }
    }

    fn misaligned(&self, va: u64, kind: AccessKind) -> Exception {
        Exception {
            cause: cause::misaligned(kind),
            value: va,
        }
    }

    fn helper(&mut self, core: &mut Core, call: &HelperCall) -> Result<Outcome, Exception> {
        self.call_helper(core, call)
    }

    fn raise(&mut self, core: &mut Core, pc: u64, exception: Exception) -> u64 {
        self.enter_exception(core, pc, exception)
    }

    fn take_interrupt(&mut self, core: &mut Core, pc: u64) -> Option<u64> {
        self.deliver_interrupt(core, pc)
    }

    fn wake_pending(&self, core: &Core) -> bool {
        self.interrupt_pending(core)
    }

    fn start(&mut self, core: &mut Core, entry: u64, argument: u64) -> u64 {
        self.begin(core, entry, argument);
        self.tell_running(core);
        entry
    }

    fn woken(&mut self, core: &mut Core) -> Option<u64> {
        self.resume(core)
    }

    fn mode(&self) -> &'static str {
        match self.privilege {
            Privilege::User => "U",
            Privilege::Supervisor => "S",
            Privilege::Machine => "M",
        }
    }

    fn flush(&mut self, core: &mut Core, va: u64, pages: u64, asid: Option<u16>) {
        self.fence_range(core, va, pages, asid);
    }
}

#[cfg(test)]
mod tests;
