//! What lifted RISC-V code leaves to the engine.

mod amocas;
mod cache_block;
mod system;

#[cfg(test)]
mod tests;

use vm_cross_arch::guest::riscv64::Helper;

use super::{Riscv64, csr::Operation, trap};
use crate::{
    guest::{Exception, HelperCall, Outcome},
    vcpu::Core,
};

impl Riscv64 {
    /// Runs a helper. A number that no lifter makes raises illegal instruction.
    pub(super) fn call_helper(
        &mut self,
        core: &mut Core,
        call: &HelperCall,
    ) -> Result<Outcome, Exception> {
        let [first, second, third] = call.args;
        match Helper::from_id(call.id) {
            Some(Helper::Illegal) | None => Err(trap::illegal(first)),
            Some(Helper::Ecall) => self.ecall(core),
            Some(Helper::Ebreak) => Err(trap::breakpoint(call.pc)),
            Some(Helper::Mret) => self.mret(core, first).map(Outcome::Jump),
            Some(Helper::Sret) => self.sret(core, first).map(Outcome::Jump),
            Some(Helper::Wfi) => self.wfi(first),
            Some(Helper::FenceI) => Ok(self.fence_i(core)),
            Some(Helper::SfenceVma) => self.sfence_vma(core, first, second, third),
            Some(Helper::SfenceOrder) => self.sfence_order(first),
            Some(Helper::CsrRead) => self.read_csr(core, first, third).map(Outcome::Value),
            Some(Helper::CsrWrite) => self.csr_write(core, first, second, third),
            Some(Helper::CboZero) => self.cbo_zero(core, first, third),
            Some(Helper::CboManage) => self.cbo_manage(core, first, third),
            Some(Helper::Wrs) => Ok(wait_on_reservation()),
            Some(Helper::AmoCasQ) => self.amocas_q(core, first, third),
        }
    }

    fn csr_write(
        &mut self,
        core: &mut Core,
        number: u64,
        operand: u64,
        bits: u64,
    ) -> Result<Outcome, Exception> {
        let operation = Operation::of(bits).ok_or(trap::illegal(bits))?;
        self.write_csr(core, number, operation, operand, bits)
            .map(Outcome::Value)
    }
}

/// WRS.NTO and WRS.STO may end for any reason (Unprivileged §"Zawrs"): here
/// they give other threads a turn. They never wait long enough for
/// `mstatus.TW` to matter.
fn wait_on_reservation() -> Outcome {
    std::thread::yield_now();
    Outcome::Value(0)
}
