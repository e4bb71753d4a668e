//! Hart state management (§9).

use vm_core::GuestPhysAddr;
use vm_engine::{
    guest::riscv64::{SbiCall, SbiReturn},
    vcpu::VcpuRequest,
};

use super::{Sbi, SbiError, SbiResult, finish, harts::HartState, ipi};

/// Suspend types (§9.4, table 17) that are not reserved.
const RETENTIVE: u32 = 0;
const NON_RETENTIVE: u32 = 0x8000_0000;
/// A platform's own types have one of these bits; here there are none.
const PLATFORM: u32 = 0x7000_0000;

impl Sbi {
    pub(super) fn hart_state(&self, call: &SbiCall<'_>, function: u64) -> SbiReturn {
        let [first, second, third, ..] = call.args;
        match function {
            0 => finish(self.start_hart(call, first, second, third)),
            1 => {
                self.harts.set(call.core.index, HartState::Stopped);
                ipi::clear(call);
                SbiReturn::Stop
            }
            2 => finish(self.status(first)),
            // The type is a 32-bit parameter.
            3 => self.suspend(call, first as u32, second, third),
            _ => finish(Err(SbiError::NotSupported)),
        }
    }

    fn status(&self, hart: u64) -> SbiResult {
        let state = self.harts.state(hart).ok_or(SbiError::InvalidParam)?;
        Ok(state as u64)
    }

    fn start_hart(&self, call: &SbiCall<'_>, hart: u64, pc: u64, arg: u64) -> SbiResult {
        self.status(hart)?;
        if !is_code_address(call, pc) {
            return Err(SbiError::InvalidAddress);
        }
        match self.harts.claim(hart) {
            Some(HartState::Stopped) => {}
            Some(HartState::Started) => return Err(SbiError::AlreadyAvailable),
            // It is in a state from which it cannot be started, or there is none.
            _ => return Err(SbiError::InvalidParam),
        }
        if let Some(vcpu) = call.core.machine.vcpus().get(hart as usize) {
            vcpu.post(VcpuRequest::Start {
                entry: pc,
                argument: arg,
            });
        }
        Ok(0)
    }

    fn suspend(&self, call: &SbiCall<'_>, kind: u32, pc: u64, arg: u64) -> SbiReturn {
        let how = match kind {
            RETENTIVE => SbiReturn::Suspend,
            NON_RETENTIVE if is_code_address(call, pc) => SbiReturn::SuspendAndStart { pc, arg },
            NON_RETENTIVE => return finish(Err(SbiError::InvalidAddress)),
            kind if kind & PLATFORM != 0 => return finish(Err(SbiError::NotSupported)),
            _ => return finish(Err(SbiError::InvalidParam)),
        };
        self.harts.set(call.core.index, HartState::Suspended);
        how
    }
}

/// Whether a hart could fetch its first instruction there.
fn is_code_address(call: &SbiCall<'_>, pc: u64) -> bool {
    let ram = &call.core.machine.ram;
    pc.is_multiple_of(2) && ram.contains(GuestPhysAddr(pc), 2)
}
