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
    // Both are 32-bit parameters; what is beyond that is not ignored, lest it switch off.
    let [kind, reason, ..] = call.args.map(|arg| u32::try_from(arg).ok());
    let (Some(kind), Some(NO_REASON | SYSTEM_FAILURE)) = (kind, reason) else {
        return finish(Err(SbiError::InvalidParam));
    };
    match kind {
        SHUTDOWN if reason == Some(SYSTEM_FAILURE) => SbiReturn::Power(PowerEvent::Panic),
        SHUTDOWN => shutdown(),
        COLD_REBOOT | WARM_REBOOT => SbiReturn::Power(PowerEvent::Reset),
        _ => finish(Err(SbiError::InvalidParam)),
    }
}

pub(super) fn shutdown() -> SbiReturn {
    SbiReturn::Power(PowerEvent::PowerOff { status: 0 })
}
