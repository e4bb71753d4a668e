//! Inter-processor interrupts (§7).

use vm_engine::guest::riscv64::{SbiCall, interrupt_bits};

use super::{Sbi, SbiError, SbiResult};

impl Sbi {
    pub(super) fn send_ipi(&self, call: &SbiCall<'_>, function: u64) -> SbiResult {
        if function != 0 {
            return Err(SbiError::NotSupported);
        }
        let [mask, base, ..] = call.args;
        for hart in self.harts.select(mask, base)? {
            if let Some(vcpu) = call.core.machine.vcpus().get(hart) {
                vcpu.set_line(interrupt_bits::SSI, true);
            }
        }
        Ok(0)
    }
}

/// Clears the calling hart's pending interrupt; returns whether it was pending.
pub(super) fn clear(call: &SbiCall<'_>) -> bool {
    let control = &call.core.control;
    let pending = control.lines() >> interrupt_bits::SSI & 1 != 0;
    control.set_line(interrupt_bits::SSI, false);
    pending
}
