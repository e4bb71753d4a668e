//! The seam for a built-in supervisor execution environment (SBI).
//!
//! With a [`Firmware`] configured, an `ECALL` from S-mode does not trap to
//! M-mode: the firmware answers it in place, on the hart's own thread. All
//! other exceptions take their architectural way.

use std::time::Duration;

use vm_core::{AccessSize, power::PowerEvent};
use vm_cross_arch::guest::riscv64::regs;

use super::{Riscv64, trap};
use crate::{
    guest::{Exception, Outcome},
    memory,
    vcpu::{Core, VcpuExit, VcpuRequest, carry_out, exit_request, serve},
};

/// How often a call looks at what it waits for.
const RETRY: Duration = Duration::from_micros(500);

/// A supervisor execution environment, shared by all harts of a machine.
pub trait Firmware: Send + Sync {
    /// Answers an `ECALL` from S-mode. Runs on the calling hart's thread, which
    /// executes no instruction meanwhile; other harts may call at the same time.
    fn ecall(&self, call: SbiCall<'_>) -> SbiReturn;

    /// The hart of that index runs on, or for the first time: it was stopped and has been
    /// started, or was suspended and has woken. Called on its thread.
    fn running(&self, _hart: usize) {}
}

/// How a hart goes on that firmware has suspended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resume {
    /// Where it was.
    Return,
    /// As after [`VcpuRequest::Start`].
    Start { pc: u64, arg: u64 },
}

/// One `ECALL` from S-mode.
pub struct SbiCall<'a> {
    /// Registers a0 to a7: the arguments, the function number in a6, the
    /// extension number in a7 (SBI 2.0 §3).
    pub args: [u64; 8],
    /// The calling hart's neutral state; its index, its machine, its control block.
    pub core: &'a mut Core,
    /// The calling hart's privileged state.
    pub hart: &'a mut Riscv64,
}

/// How an SBI call ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SbiReturn {
    /// Returns `error` in a0 and `value` in a1.
    Done {
        /// The SBI error code: 0 or negative.
        error: i64,
        /// The value.
        value: u64,
    },
    /// Returns `value` in a0 and leaves a1 alone, as the legacy extensions do.
    Legacy {
        /// The value.
        value: i64,
    },
    /// Stops the hart until [`VcpuRequest::Start`]. The firmware has recorded
    /// the hart as stopped before it returns this; a start posted since then
    /// is not lost.
    Stop,
    /// Sleeps until an interrupt that `sie` enables is pending, then returns
    /// success (HSM retentive suspend).
    Suspend,
    /// Sleeps likewise, then starts at `pc` as after [`VcpuRequest::Start`]
    /// (HSM non-retentive suspend). May wake without an interrupt.
    SuspendAndStart {
        /// Physical address to go on at.
        pc: u64,
        /// Goes to a1.
        arg: u64,
    },
    /// The `ECALL` raises this exception instead.
    Fault(Exception),
    /// Does nothing yet: the machine stops, and the hart makes the call anew
    /// when it runs on.
    Again,
    /// Leaves the hart's loop for a power event.
    Power(PowerEvent),
}

impl SbiCall<'_> {
    /// Sets the hart's `stimecmp`: its timer interrupt is pending from
    /// `ticks` of the `time` counter on.
    pub fn set_timer(&mut self, ticks: u64) {
        self.hart.set_stimecmp(self.core, ticks);
    }

    /// Loads a double word at a virtual address, as an instruction of the supervisor
    /// would.
    ///
    /// # Errors
    /// The page or access fault it raises.
    pub fn load(&mut self, va: u64) -> Result<u64, Exception> {
        memory::load(self.core, self.hart, va, AccessSize::Double)
    }

    /// Makes every hart whose index `targets` yields carry out `requests`, the
    /// calling one included if it is among them, and waits until they have.
    pub fn run_on(&mut self, targets: impl Iterator<Item = usize>, requests: &[VcpuRequest]) {
        let own = self.core.index;
        let mut own_too = false;
        let others: Vec<usize> = targets
            .inspect(|&index| own_too |= index == own)
            .filter(|&index| index != own)
            .collect();
        if own_too {
            for request in requests {
                carry_out(self.core, self.hart, request.clone());
            }
        }
        if others.is_empty() {
            return;
        }
        let machine = self.core.machine.clone();
        machine.run_on(others.into_iter(), requests, || {
            serve(self.core, self.hart);
        });
    }

    /// Waits until `ready`, which is asked again and again, and carries out
    /// meanwhile what others ask of the hart. False if the machine stops before:
    /// then the call is to end with [`SbiReturn::Again`].
    pub fn wait_until(&mut self, mut ready: impl FnMut() -> bool) -> bool {
        while !ready() {
            serve(self.core, self.hart);
            let control = &self.core.control;
            if control.has(exit_request::STOP) {
                return false;
            }
            control.sleep_for(RETRY, exit_request::STOP | exit_request::REQUEST);
        }
        true
    }
}

impl Riscv64 {
    /// `ECALL`: the firmware's answer, or the exception for the privilege mode.
    pub(super) fn ecall(&mut self, core: &mut Core) -> Result<Outcome, Exception> {
        let firmware = match &self.config.firmware {
            Some(firmware) if self.privilege.is_supervisor() => firmware.clone(),
            _ => return Err(trap::ecall(self.privilege)),
        };
        let args = std::array::from_fn(|n| core.get(regs::x(10 + n as u8)));
        let answer = firmware.ecall(SbiCall {
            args,
            core,
            hart: self,
        });
        self.finish_ecall(core, answer)
    }

    fn finish_ecall(&mut self, core: &mut Core, answer: SbiReturn) -> Result<Outcome, Exception> {
        let a0 = regs::x(10);
        let a1 = regs::x(11);
        Ok(match answer {
            SbiReturn::Fault(exception) => return Err(exception),
            SbiReturn::Done { error, value } => {
                core.set(a0, error as u64);
                core.set(a1, value);
                Outcome::Value(0)
            }
            SbiReturn::Legacy { value } => {
                core.set(a0, value as u64);
                Outcome::Value(0)
            }
            SbiReturn::Stop => {
                core.control.set_awaits_start(true);
                // The loop looks at it when it attends to something.
                core.control.request_exit(exit_request::REQUEST);
                Outcome::Value(0)
            }
            SbiReturn::Again => Outcome::Again,
            SbiReturn::Suspend => {
                core.set(a0, 0);
                core.set(a1, 0);
                self.suspended = Some(Resume::Return);
                Outcome::Halt
            }
            SbiReturn::SuspendAndStart { pc, arg } => {
                self.suspended = Some(Resume::Start { pc, arg });
                Outcome::Halt
            }
            SbiReturn::Power(event) => Outcome::Exit(VcpuExit::Power(event)),
        })
    }
}

impl Riscv64 {
    /// After [`Outcome::Halt`]: where to go on, if not at the next instruction.
    pub(super) fn resume(&mut self, core: &mut Core) -> Option<u64> {
        let resume = self.suspended.take()?;
        let start = match resume {
            Resume::Return => None,
            Resume::Start { pc, arg } => {
                self.begin(core, pc, arg);
                Some(pc)
            }
        };
        self.tell_running(core);
        start
    }

    /// Tells the firmware, if there is one, that the hart runs.
    pub(super) fn tell_running(&self, core: &Core) {
        if let Some(firmware) = &self.config.firmware {
            firmware.running(core.index);
        }
    }
}

#[cfg(test)]
mod tests;
