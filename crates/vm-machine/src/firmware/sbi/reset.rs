//! System reset (§10).

use vm_core::PowerEvent;
use vm_engine::guest::riscv64::{SbiCall, SbiReturn};

use super::{SbiError, finish};

const SHUTDOWN: u32 = 0;
const COLD_REBOOT: u32 = 1;
const WARM_REBOOT: u32 = 2;

const NO_REASON: u32 = 0;
const SYSTEM_FAILURE: u32 = 1;

pub(super) fn call(call: &SbiCall<'_>, function: u64) -> SbiReturn {
    if function != 0 {
        return finish(Err(SbiError::NotSupported));
    }
    // Both are 32-bit parameters.
    let (kind, reason) = (call.args[0] as u32, call.args[1] as u32);
    if !matches!(reason, NO_REASON | SYSTEM_FAILURE) {
        return finish(Err(SbiError::InvalidParam));
    }
    match kind {
        SHUTDOWN if reason == SYSTEM_FAILURE => SbiReturn::Power(PowerEvent::Panic),
        SHUTDOWN => shutdown(),
        COLD_REBOOT | WARM_REBOOT => SbiReturn::Power(PowerEvent::Reset),
        _ => finish(Err(SbiError::InvalidParam)),
    }
}

pub(super) fn shutdown() -> SbiReturn {
    SbiReturn::Power(PowerEvent::PowerOff { status: 0 })
}
