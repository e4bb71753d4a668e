//! What can be looked at and changed in a machine that does not run: for debuggers and
//! other programs that embed one.

use vm_core::{GuestPhysAddr, PAGE_SIZE};
use vm_engine::{
    guest::Registers,
    vcpu::{Vcpu, VcpuExit},
};

use super::{Machine, MachineState, control::Event};
use crate::error::MachineError;

impl Machine {
    /// How many vCPUs the machine has.
    pub fn vcpu_count(&self) -> usize {
        self.parts.config.cpus as usize
    }

    /// The general registers of a vCPU.
    ///
    /// # Errors
    /// [`MachineError`] if there is no such vCPU, or the machine has ended.
    pub fn registers(&mut self, vcpu: usize) -> Result<Registers, MachineError> {
        Ok(self.vcpu(vcpu)?.registers()?)
    }

    /// Replaces the general registers of a vCPU.
    ///
    /// # Errors
    /// [`MachineError`] if no such vCPU can have such registers, or the machine has ended.
    pub fn set_registers(
        &mut self,
        vcpu: usize,
        registers: &Registers,
    ) -> Result<(), MachineError> {
        Ok(self.vcpu(vcpu)?.set_registers(registers)?)
    }

    /// The system register of a vCPU that the architecture's manual calls `name`.
    ///
    /// # Errors
    /// [`MachineError`] if there is no such register or vCPU, or the machine has ended.
    pub fn system_register(&mut self, vcpu: usize, name: &str) -> Result<u64, MachineError> {
        Ok(self.vcpu(vcpu)?.system_register(name)?)
    }

    /// Writes a system register, as the most privileged software would.
    ///
    /// # Errors
    /// [`MachineError`] if there is no such register or vCPU, it is read-only, or the
    /// machine has ended.
    pub fn set_system_register(
        &mut self,
        vcpu: usize,
        name: &str,
        value: u64,
    ) -> Result<(), MachineError> {
        Ok(self.vcpu(vcpu)?.set_system_register(name, value)?)
    }

    /// Has a vCPU execute one instruction, or enter the handler of its exception, while
    /// the others stand still. Interrupts wait, and nothing sleeps. An end that the guest
    /// comes to is reported when the machine runs on.
    ///
    /// # Errors
    /// [`MachineError`] if there is no such vCPU, or the machine has ended.
    pub fn single_step(&mut self, vcpu: usize) -> Result<(), MachineError> {
        let exit = self.vcpu(vcpu)?.single_step();
        if let Some(VcpuExit::Power(event)) = exit {
            let life = self.life;
            // The receiver is here.
            let _ = self.sender.send(Event::Power { life, event });
        }
        Ok(())
    }

    /// Has the machine stop whenever a vCPU is about to execute the instruction at virtual
    /// address `pc`, in whatever address space. That is what
    /// [`run_until_stop`](Self::run_until_stop) heeds; it makes guests slower.
    pub fn set_breakpoint(&mut self, pc: u64) {
        self.breakpoints.insert(pc);
    }

    /// Removes a breakpoint; tells whether there was one.
    pub fn remove_breakpoint(&mut self, pc: u64) -> bool {
        self.breakpoints.remove(&pc)
    }

    /// Reads guest RAM at a physical address.
    ///
    /// # Errors
    /// [`MachineError`] if not all of it is RAM, or the machine has ended.
    pub fn read_physical(&mut self, addr: u64, bytes: &mut [u8]) -> Result<(), MachineError> {
        let ram = self.hardware()?.board.ram();
        Ok(ram.read(GuestPhysAddr(addr), bytes)?)
    }

    /// Writes guest RAM at a physical address. Code there is seen by vCPUs at once.
    ///
    /// # Errors
    /// [`MachineError`] if not all of it is RAM, or the machine has ended.
    pub fn write_physical(&mut self, addr: u64, bytes: &[u8]) -> Result<(), MachineError> {
        let ram = self.hardware()?.board.ram();
        Ok(ram.write(GuestPhysAddr(addr), bytes)?)
    }

    /// Reads guest RAM at a virtual address of a vCPU, as it is mapped now. Permissions do
    /// not matter.
    ///
    /// # Errors
    /// [`MachineError`] if not all of it is mapped to RAM, there is no such vCPU, or the
    /// machine has ended.
    pub fn read_virtual(
        &mut self,
        vcpu: usize,
        va: u64,
        bytes: &mut [u8],
    ) -> Result<(), MachineError> {
        let mut at = va;
        let mut rest = bytes;
        while !rest.is_empty() {
            let (part, later) = rest.split_at_mut(rest.len().min(left_in_page(at)));
            let addr = self.physical(vcpu, at)?;
            self.read_physical(addr, part)?;
            at = at.wrapping_add(part.len() as u64);
            rest = later;
        }
        Ok(())
    }

    /// Writes guest RAM at a virtual address of a vCPU, as it is mapped now. Permissions do
    /// not matter. Nothing is written if not all of it is mapped.
    ///
    /// # Errors
    /// As for [`read_virtual`](Self::read_virtual).
    pub fn write_virtual(
        &mut self,
        vcpu: usize,
        va: u64,
        bytes: &[u8],
    ) -> Result<(), MachineError> {
        let mut parts = Vec::new();
        let (mut at, mut rest) = (va, bytes);
        while !rest.is_empty() {
            let (part, later) = rest.split_at(rest.len().min(left_in_page(at)));
            parts.push((self.physical(vcpu, at)?, part));
            at = at.wrapping_add(part.len() as u64);
            rest = later;
        }
        for &(addr, part) in &parts {
            if !self.is_ram(addr, part.len() as u64)? {
                return Err(MachineError::NotRam { addr });
            }
        }
        parts
            .into_iter()
            .try_for_each(|(addr, part)| self.write_physical(addr, part))
    }

    /// The state of a machine that does not run.
    ///
    /// # Errors
    /// [`MachineError`] if it does not serialise, or the machine has ended.
    pub fn save(&mut self) -> Result<MachineState, MachineError> {
        let arch = self.parts.board.arch();
        let hardware = self.hardware()?;
        hardware.stop()?;
        hardware.save(arch)
    }

    fn is_ram(&mut self, addr: u64, bytes: u64) -> Result<bool, MachineError> {
        let ram = self.hardware()?.board.ram();
        Ok(ram.contains(GuestPhysAddr(addr), bytes))
    }

    fn physical(&mut self, vcpu: usize, va: u64) -> Result<u64, MachineError> {
        let found = self.vcpu(vcpu)?.find_address(va);
        found
            .map(|addr| addr.0)
            .ok_or(MachineError::NotMapped { vcpu, va })
    }

    /// A vCPU, which does not run, with all done that was asked of it.
    pub(super) fn vcpu(&mut self, vcpu: usize) -> Result<&mut dyn Vcpu, MachineError> {
        let count = self.vcpu_count();
        let vcpus = self.hardware()?.vcpus.parked()?;
        let found = vcpus.get_mut(vcpu);
        let found = found.ok_or(MachineError::NoVcpu { vcpu, count })?;
        found.settle();
        Ok(found.as_mut())
    }
}

fn left_in_page(va: u64) -> usize {
    (PAGE_SIZE - va % PAGE_SIZE) as usize
}
