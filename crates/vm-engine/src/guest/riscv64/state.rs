//! A hart as debuggers and snapshots see it.

use vm_core::{
    GuestPhysAddr, GuestVirtAddr,
    snapshot::{SavedState, SnapshotError},
};
use vm_cross_arch::{guest::riscv64::regs, ir::fixed};

use super::{Privilege, Riscv64};
use crate::{
    guest::{GuestState, RegisterError, Registers},
    vcpu::Core,
};

/// The general registers of a hart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GeneralRegisters {
    /// Virtual address of the next instruction.
    pub pc: u64,
    /// The integer registers. Number 0 is 0, whatever is written.
    pub x: [u64; 32],
    /// The floating-point registers.
    pub f: [u64; 32],
    /// Floating-point flags and rounding mode.
    pub fcsr: u64,
    /// The privilege mode: 0 for U-mode, 1 for S-mode, 3 for M-mode.
    pub privilege: u8,
}

impl GuestState for Riscv64 {
    fn registers(&self, core: &Core, pc: u64) -> Registers {
        Registers::Riscv64(Box::new(GeneralRegisters {
            pc,
            x: std::array::from_fn(|n| core.get(regs::x(n as u8))),
            f: std::array::from_fn(|n| core.get(regs::f(n as u8))),
            fcsr: self.fcsr(core),
            privilege: self.privilege.bits() as u8,
        }))
    }

    fn set_registers(
        &mut self,
        core: &mut Core,
        registers: &Registers,
    ) -> Result<u64, RegisterError> {
        let Registers::Riscv64(registers) = registers;
        let value = registers.privilege.into();
        let privilege = Privilege::from_bits(value).ok_or(RegisterError::Value {
            register: "privilege",
            value,
        })?;
        for n in 1..32u8 {
            core.set(regs::x(n), registers.x[usize::from(n)]);
        }
        for n in 0..32u8 {
            core.set(regs::f(n), registers.f[usize::from(n)]);
        }
        core.set(fixed::FP_FLAGS, registers.fcsr & 0x1f);
        self.set_rounding(core, registers.fcsr >> 5);
        self.privilege = privilege;
        self.update_translation(core);
        Ok(registers.pc & !1)
    }

    fn system_register(&mut self, core: &Core, name: &str) -> Result<u64, RegisterError> {
        self.csr_by_name(core, name)
            .ok_or_else(|| RegisterError::Unknown(name.to_owned()))
    }

    fn set_system_register(
        &mut self,
        core: &mut Core,
        name: &str,
        value: u64,
    ) -> Result<(), RegisterError> {
        self.set_csr_by_name(core, name, value)
    }

    fn find_address(&self, core: &Core, va: u64) -> Option<GuestPhysAddr> {
        self.mmu(&core.machine.ram).find_address(GuestVirtAddr(va))
    }

    fn save(&self, core: &Core, pc: u64) -> Result<SavedState, SnapshotError> {
        Riscv64::save(self, core, pc)
    }

    fn restore(&mut self, core: &mut Core, saved: &SavedState) -> Result<u64, SnapshotError> {
        Riscv64::restore(self, core, saved)
    }
}

#[cfg(test)]
mod tests;
