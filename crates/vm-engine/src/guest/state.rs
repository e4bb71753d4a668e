//! The state of a vCPU as debuggers, snapshots and boards see it.

use std::io;

use vm_core::{
    GuestArch, GuestPhysAddr,
    snapshot::{SavedState, SnapshotError},
};

use super::{Guest, riscv64};
use crate::vcpu::Core;

/// The general registers of a vCPU, by architecture: those that a debugger shows first
/// and that a hypervisor hands over in one call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Registers {
    /// Of a RISC-V hart.
    Riscv64(Box<riscv64::GeneralRegisters>),
}

impl Registers {
    /// Whose they are.
    pub fn arch(&self) -> GuestArch {
        match self {
            Self::Riscv64(_) => GuestArch::Riscv64,
        }
    }

    /// Virtual address of the next instruction.
    pub fn pc(&self) -> u64 {
        match self {
            Self::Riscv64(registers) => registers.pc,
        }
    }

    /// Has the vCPU go on at virtual address `pc`.
    pub fn set_pc(&mut self, pc: u64) {
        match self {
            Self::Riscv64(registers) => registers.pc = pc,
        }
    }
}

/// A register that cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// The architecture has none of that name, or this vCPU has not.
    #[error("there is no register `{0}`")]
    Unknown(String),
    /// The register is there to be read.
    #[error("register `{0}` cannot be written")]
    ReadOnly(String),
    /// No vCPU can have that value.
    #[error("register `{register}` cannot be {value:#x}")]
    Value {
        /// The register.
        register: &'static str,
        /// The value.
        value: u64,
    },
    /// They are of another architecture.
    #[error("these are registers of {found}, and the vCPU is a {expected}")]
    Arch {
        /// The vCPU's architecture.
        expected: GuestArch,
        /// Whose the registers are.
        found: GuestArch,
    },
    /// The host refused to hand them over.
    #[error("the host refused access to the registers: {0}")]
    Host(#[from] io::Error),
}

/// The state of a guest's vCPU between two instructions, for those who do not execute it.
pub trait GuestState: Guest {
    /// The general registers; `pc` is the next instruction's address.
    fn registers(&self, core: &Core, pc: u64) -> Registers;

    /// Replaces the general registers; returns the next instruction's address.
    ///
    /// # Errors
    /// [`RegisterError`] if they are of another architecture, or no vCPU can have such
    /// values; nothing has changed then.
    fn set_registers(
        &mut self,
        core: &mut Core,
        registers: &Registers,
    ) -> Result<u64, RegisterError>;

    /// The system register of that name, as the architecture's manual has it, whatever
    /// the privilege.
    ///
    /// # Errors
    /// [`RegisterError::Unknown`] if there is none.
    fn system_register(&mut self, core: &Core, name: &str) -> Result<u64, RegisterError>;

    /// Writes the system register of that name, as the most privileged software would.
    ///
    /// # Errors
    /// [`RegisterError`] if there is none, or it is read-only.
    fn set_system_register(
        &mut self,
        core: &mut Core,
        name: &str,
        value: u64,
    ) -> Result<(), RegisterError>;

    /// Where virtual address `va` is now; `None` if it is nowhere. Neither permissions
    /// matter, nor does anything change.
    fn find_address(&self, core: &Core, va: u64) -> Option<GuestPhysAddr>;

    /// Saves everything; `pc` is the next instruction's address.
    ///
    /// # Errors
    /// [`SnapshotError::Encode`] if the state does not serialise.
    fn save(&self, core: &Core, pc: u64) -> Result<SavedState, SnapshotError>;

    /// Restores a vCPU that does not run; returns its next instruction's address.
    ///
    /// # Errors
    /// [`SnapshotError`] if the state is not of such a vCPU, or damaged; nothing has
    /// changed then.
    fn restore(&mut self, core: &mut Core, saved: &SavedState) -> Result<u64, SnapshotError>;
}
