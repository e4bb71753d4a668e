//! Inter-processor interrupts (§7).

use vm_engine::guest::riscv64::{SbiCall, interrupt_bits};

use super::{Sbi, SbiError, SbiResult, harts::HartState};

impl Sbi {
    pub(super) fn send_ipi(&self, call: &SbiCall<'_>, function: u64) -> SbiResult {
        if function != 0 {
            return Err(SbiError::NotSupported);
        }
        let [mask, base, ..] = call.args;
        let harts = self.harts.select(mask, base)?;
        self.interrupt(call, harts.into_iter());
        Ok(0)
    }

    /// Interrupts those of the harts that are not stopped: one that starts later begins
    /// without what was sent before.
    pub(super) fn interrupt(&self, call: &SbiCall<'_>, harts: impl Iterator<Item = usize>) {
        for hart in harts {
            let stopped = self.harts.state(hart as u64) == Some(HartState::Stopped);
            let vcpu = call.core.machine.vcpus().get(hart);
            if let Some(vcpu) = vcpu.filter(|_| !stopped) {
                vcpu.set_line(interrupt_bits::SSI, true);
            }
        }
    }
}

/// Clears the calling hart's pending interrupt.
pub(super) fn clear(call: &SbiCall<'_>) {
    call.core.control.set_line(interrupt_bits::SSI, false);
}
