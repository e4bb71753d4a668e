//! RISC-V as the engine sees it.

use vm_core::{AccessKind, AccessSize};
use vm_cross_arch::{
    guest::{
        GuestShape,
        riscv64::{INFO, LiftContext, LiftLimits, SHAPE, disassemble, lift_block},
    },
    ir::{Block, GuestInfo},
};

use super::{Privilege, Riscv64, cause};
use crate::{
    guest::{Exception, Fill, Guest, HelperCall, Outcome},
    vcpu::{Core, VcpuRequest},
};

impl Guest for Riscv64 {
    const SHAPE: &'static GuestShape = &SHAPE;

    const INFO: &'static GuestInfo = &INFO;

    const MAX_INSN_BYTES: usize = 4;

    fn lift(&self, code: &[u8], max_insns: u16) -> Option<Block> {
        let context = LiftContext {
            fp_enabled: self.regs.status.fp_on(),
            rounding_valid: self.rounding_valid(),
            supervisor: !self.privilege.is_user(),
            zero_block: self.may_zero_blocks(),
        };
        lift_block(code, &context, &LiftLimits::insns(max_insns)).ok()
    }

    fn context(&self) -> u32 {
        let fp_on = u32::from(self.regs.status.fp_on());
        let rounding_valid = u32::from(self.rounding_valid());
        // Generated code rounds to nearest without asking.
        let nearest = u32::from(self.regs.frm == 0);
        let zero_block = u32::from(self.may_zero_blocks());
        let float = fp_on << 2 | rounding_valid << 3 | nearest << 4;
        self.privilege.bits() as u32 | float | zero_block << 5
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

    fn start(&mut self, core: &mut Core, request: &VcpuRequest) -> Option<u64> {
        let VcpuRequest::Start { pc, arg } = *request else {
            return None;
        };
        self.begin(core, pc, arg);
        self.tell_running(core);
        Some(pc)
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

    fn disassemble(code: &[u8], pc: u64) -> String {
        let mut bits = [0; 4];
        bits.iter_mut().zip(code).for_each(|(to, from)| *to = *from);
        disassemble(u32::from_le_bytes(bits), pc)
    }

    fn request(&mut self, core: &mut Core, request: VcpuRequest) {
        if let VcpuRequest::FlushTlb { va, pages, asid } = request {
            self.fence_range(core, va, pages, asid);
        }
    }
}

#[cfg(test)]
mod tests;
