//! The Supervisor Binary Interface 2.0, served by the host: kernels start in
//! S-mode without any firmware in guest memory. Section numbers are those of
//! that specification.

mod base;
mod console;
mod harts;
mod hsm;
mod ipi;
mod legacy;
mod reset;
mod rfence;
mod spec;

use std::sync::Arc;

use vm_engine::guest::riscv64::{Firmware, SbiCall, SbiReturn};

use super::{FirmwareConsole, HostFirmware};
use harts::{HartState, HartStates};
use spec::{SbiError, extension};

/// What a call returns: a value, or an error.
type SbiResult = Result<u64, SbiError>;

/// The firmware of one machine.
pub struct Sbi {
    harts: HartStates,
    console: Arc<dyn FirmwareConsole>,
}

impl Sbi {
    /// Firmware for `harts` harts, of which hart 0 runs and the others wait
    /// to be started.
    pub fn new(harts: usize, console: Arc<dyn FirmwareConsole>) -> Self {
        Self {
            harts: HartStates::new(harts),
            console,
        }
    }
}

impl HostFirmware for Sbi {
    fn started(&self) -> Vec<bool> {
        self.harts.started()
    }

    fn set_started(&self, started: &[bool]) {
        self.harts.replace(started);
    }
}

impl Firmware for Sbi {
    fn ecall(&self, mut call: SbiCall<'_>) -> SbiReturn {
        let [_, _, _, _, _, _, function, extension] = call.args;
        let result = match extension {
            extension::BASE => base::call(&call, function),
            extension::TIME => set_timer(&mut call, function),
            extension::IPI => self.send_ipi(&call, function),
            extension::RFENCE => self.remote_fence(&mut call, function),
            extension::DBCN => return self.debug_console(&mut call, function),
            extension::HSM => return self.hart_state(&call, function),
            extension::SRST => return reset::call(&call, function),
            legacy => return self.legacy(&mut call, legacy),
        };
        finish(result)
    }

    fn running(&self, hart: usize) {
        self.harts.set(hart, HartState::Started);
    }
}

/// "TIME" (§6).
fn set_timer(call: &mut SbiCall<'_>, function: u64) -> SbiResult {
    match function {
        0 => {
            call.set_timer(call.args[0]);
            Ok(0)
        }
        _ => Err(SbiError::NotSupported),
    }
}

fn finish(result: SbiResult) -> SbiReturn {
    match result {
        Ok(value) => SbiReturn::Done { error: 0, value },
        Err(error) => SbiReturn::Done {
            error: error as i64,
            value: 0,
        },
    }
}

#[cfg(test)]
mod tests;
