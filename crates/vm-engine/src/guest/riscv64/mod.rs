//! RISC-V 64: privileged architecture.

mod cause;
mod config;
mod counter;
mod csr;
mod firmware;
mod guest;
mod helpers;
mod interrupt;
mod mmu;
mod registers;
mod reset;
mod snapshot;
mod state;
mod status;
mod timer;
mod trap;

#[cfg(test)]
pub(crate) mod testing;

use vm_mem::riscv64::Pmp;
pub use vm_mem::riscv64::Privilege;

pub use cause::{exception, interrupt as interrupt_bits};
pub use config::{Extensions, HartConfig};
pub use csr::envcfg;
pub use firmware::{Firmware, SbiCall, SbiReturn};
pub use state::GeneralRegisters;

use firmware::Resume;
use registers::Registers;
use timer::Timer;

/// Frequency of the `time` counter, in Hz.
pub const TIMEBASE_HZ: u64 = 10_000_000;

/// The privileged state of one RV64 hart: M-, S- and U-mode, Privileged 1.13.
///
/// Its integer and floating-point registers are in [`Core::slots`](crate::vcpu::Core).
pub struct Riscv64 {
    config: HartConfig,
    privilege: Privilege,
    regs: Registers,
    pmp: Pmp,
    timer: Timer,
    /// While firmware has it suspended: what is to come then.
    suspended: Option<Resume>,
}

impl Riscv64 {
    /// A hart that still has to be reset: call [`reset_to_machine`](Self::reset_to_machine)
    /// or [`reset_to_supervisor`](Self::reset_to_supervisor) before it runs.
    pub fn new(config: HartConfig) -> Self {
        Self {
            config,
            privilege: Privilege::Machine,
            regs: Registers {
                stimecmp: u64::MAX,
                ..Registers::default()
            },
            pmp: Pmp::new(),
            timer: Timer::default(),
            suspended: None,
        }
    }

    /// How the hart was configured.
    pub fn config(&self) -> &HartConfig {
        &self.config
    }

    /// The current privilege mode.
    pub fn privilege(&self) -> Privilege {
        self.privilege
    }
}
