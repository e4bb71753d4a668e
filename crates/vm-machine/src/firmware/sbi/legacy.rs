//! The extensions of SBI 0.1 (§5), which have one function each.

use vm_engine::{
    guest::riscv64::{SbiCall, SbiReturn},
    vcpu::VcpuRequest,
};

use super::{Sbi, SbiError, finish, ipi, reset, rfence, spec::extension};

const SUCCESS: SbiReturn = SbiReturn::Legacy { value: 0 };

impl Sbi {
    pub(super) fn legacy(&self, call: &mut SbiCall<'_>, extension: u64) -> SbiReturn {
        match extension {
            extension::LEGACY_SET_TIMER => call.set_timer(call.args[0]),
            extension::LEGACY_PUTCHAR => {
                if !self.write_byte(call, call.args[0] as u8) {
                    return SbiReturn::Again;
                }
            }
            extension::LEGACY_GETCHAR => {
                let value = self.console.read().map_or(-1, i64::from);
                return SbiReturn::Legacy { value };
            }
            extension::LEGACY_CLEAR_IPI => ipi::clear(call),
            extension::LEGACY_SEND_IPI..=extension::LEGACY_SFENCE_ASID => {
                return self.on_harts(call, extension);
            }
            extension::LEGACY_SHUTDOWN => return reset::shutdown(),
            _ => return finish(Err(SbiError::NotSupported)),
        }
        SUCCESS
    }

    /// The calls that act on the harts of a mask in the supervisor's memory, or on all
    /// if its address is 0; harts that do not exist are left out.
    fn on_harts(&self, call: &mut SbiCall<'_>, extension: u64) -> SbiReturn {
        let [address, start, size, asid, ..] = call.args;
        let mask = match address {
            0 => u64::MAX,
            address => match call.load(address) {
                Ok(mask) => mask,
                Err(exception) => return SbiReturn::Fault(exception),
            },
        };
        let selected = |hart: &usize| mask >> (hart & 63) & 1 != 0;
        let harts = (0..self.harts.count()).filter(selected);
        match extension {
            extension::LEGACY_SEND_IPI => self.interrupt(call, harts),
            extension::LEGACY_FENCE_I => call.run_on(harts, &[VcpuRequest::SyncInstructions]),
            extension::LEGACY_SFENCE => call.run_on(harts, &[rfence::flush(start, size, None)]),
            _ => call.run_on(harts, &[rfence::flush(start, size, Some(asid as u16))]),
        }
        SUCCESS
    }
}
