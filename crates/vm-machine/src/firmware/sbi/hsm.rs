//! Hart state management (§9).
//!
//! Transitions take no time here: a hart is started or stopped, and one that
//! is suspended counts as started.

use vm_core::GuestPhysAddr;
use vm_engine::{
    guest::riscv64::{SbiCall, SbiReturn},
    vcpu::VcpuRequest,
};

use super::{Sbi, SbiError, SbiResult, finish};

/// Hart states (§9, table 14).
const STARTED: u64 = 0;
const STOPPED: u64 = 1;

/// Suspend types (§9.4, table 17) that are not reserved.
const RETENTIVE: u32 = 0;
const NON_RETENTIVE: u32 = 0x8000_0000;

impl Sbi {
    pub(super) fn hart_state(&self, call: &SbiCall<'_>, function: u64) -> SbiReturn {
        let [first, second, third, ..] = call.args;
        match function {
            0 => finish(self.start_hart(call, first, second, third)),
            1 => {
                self.harts.stop(call.core.index as u64);
                SbiReturn::Stop
            }
            2 => finish(self.status(first)),
            // The type is a 32-bit parameter.
            3 => suspend(call, first as u32, second, third),
            _ => finish(Err(SbiError::NotSupported)),
        }
    }

    fn status(&self, hart: u64) -> SbiResult {
        match self.harts.is_started(hart) {
            Some(true) => Ok(STARTED),
            Some(false) => Ok(STOPPED),
            None => Err(SbiError::InvalidParam),
        }
    }

    fn start_hart(&self, call: &SbiCall<'_>, hart: u64, pc: u64, arg: u64) -> SbiResult {
        self.status(hart)?;
        if !is_code_address(call, pc) {
            return Err(SbiError::InvalidAddress);
        }
        match self.harts.claim(hart) {
            Some(true) => {}
            Some(false) => return Err(SbiError::AlreadyAvailable),
            None => return Err(SbiError::InvalidParam),
        }
        if let Some(vcpu) = call.core.machine.vcpus().get(hart as usize) {
            vcpu.post(VcpuRequest::Start { pc, arg });
        }
        Ok(0)
    }
}

fn suspend(call: &SbiCall<'_>, kind: u32, pc: u64, arg: u64) -> SbiReturn {
    match kind {
        RETENTIVE => SbiReturn::Suspend,
        NON_RETENTIVE if !is_code_address(call, pc) => finish(Err(SbiError::InvalidAddress)),
        NON_RETENTIVE => SbiReturn::SuspendAndStart { pc, arg },
        _ => finish(Err(SbiError::InvalidParam)),
    }
}

/// Whether a hart could fetch its first instruction there.
fn is_code_address(call: &SbiCall<'_>, pc: u64) -> bool {
    let ram = &call.core.machine.ram;
    pc.is_multiple_of(2) && ram.host_ptr(GuestPhysAddr(pc), 2).is_some()
}
