//! A hart in a machine of its own, for unit tests.

use std::sync::Arc;

use vm_core::{
    AccessKind, AccessSize, BusError, GuestPhysAddr, PhysBus,
    time::{AlarmService, ManualClock},
};
use vm_cross_arch::{guest::riscv64::Helper, ir::Slot};
use vm_mem::GuestRam;

use super::{HartConfig, Privilege, Riscv64, csr::Operation};
use crate::{
    guest::{Exception, Guest, HelperCall, Outcome},
    memory,
    vcpu::{Core, MachineShared, VcpuControl},
};

/// Where RAM starts.
pub const RAM: u64 = 0x8000_0000;
/// How much there is, in bytes.
pub const RAM_BYTES: u64 = 0x10_0000;

/// A bus on which nobody answers.
pub struct NoDevices;

impl PhysBus for NoDevices {
    fn read(&self, addr: GuestPhysAddr, size: AccessSize) -> Result<u64, BusError> {
        Err(BusError { addr, size })
    }

    fn write(&self, addr: GuestPhysAddr, size: AccessSize, _: u64) -> Result<(), BusError> {
        Err(BusError { addr, size })
    }
}

/// One hart in M-mode, everything as after reset.
pub struct Fixture {
    pub hart: Riscv64,
    pub core: Core,
    pub clock: Arc<ManualClock>,
}

impl Fixture {
    pub fn new() -> Self {
        Self::with(HartConfig::default())
    }

    pub fn with(config: HartConfig) -> Self {
        Self::harts(vec![config]).remove(0)
    }

    /// Harts that share a machine, one for each configuration.
    pub fn harts(configs: Vec<HartConfig>) -> Vec<Self> {
        let clock = Arc::new(ManualClock::default());
        let ram = GuestRam::new(&[(GuestPhysAddr(RAM), RAM_BYTES)]).unwrap();
        let alarms = AlarmService::start(clock.clone()).unwrap();
        let machine = Arc::new(MachineShared::new(
            ram,
            Arc::new(NoDevices),
            Arc::new(alarms),
        ));
        let controls: Vec<_> = configs
            .iter()
            .map(|_| Arc::new(VcpuControl::new(false)))
            .collect();
        machine.attach(controls.clone());
        let hart = |(index, (config, control))| {
            let mut core = Core::new(index, control, Arc::clone(&machine));
            let mut hart = Riscv64::new(config);
            hart.reset_to_machine(&mut core, RAM, 0, 0);
            Self {
                hart,
                core,
                clock: Arc::clone(&clock),
            }
        };
        configs
            .into_iter()
            .zip(controls)
            .enumerate()
            .map(hart)
            .collect()
    }

    /// The hart as built-in firmware hands it over, in S-mode.
    pub fn supervisor() -> Self {
        let mut f = Self::new();
        f.hart.reset_to_supervisor(&mut f.core, RAM, 0, 0);
        f
    }

    /// Switches the privilege mode, as no instruction can.
    pub fn enter(&mut self, privilege: Privilege) -> &mut Self {
        self.hart.privilege = privilege;
        self.hart.update_translation(&mut self.core);
        self
    }

    pub fn helper(&mut self, helper: Helper, args: [u64; 3]) -> Result<Outcome, Exception> {
        let call = HelperCall {
            id: helper.id(),
            args,
            pc: RAM,
            next: RAM + 4,
        };
        self.hart.helper(&mut self.core, &call)
    }

    /// What a CSR reads as; `None` if that is illegal.
    pub fn try_csr(&self, number: u64) -> Option<u64> {
        self.hart.read_csr(&self.core, number, 0).ok()
    }

    pub fn csr(&self, number: u64) -> u64 {
        self.try_csr(number)
            .unwrap_or_else(|| panic!("CSR {number:#x} is out of reach"))
    }

    fn change(&mut self, number: u64, operation: Operation, operand: u64) -> Option<u64> {
        self.hart
            .write_csr(&mut self.core, number, operation, operand, 0)
            .ok()
    }

    /// Writes a CSR; `None` if that is illegal, else what it reads as then.
    pub fn try_write(&mut self, number: u64, value: u64) -> Option<u64> {
        self.change(number, Operation::Write, value)?;
        self.try_csr(number)
    }

    pub fn write(&mut self, number: u64, value: u64) -> u64 {
        self.try_write(number, value)
            .unwrap_or_else(|| panic!("CSR {number:#x} refused"))
    }

    pub fn set(&mut self, number: u64, bits: u64) {
        self.change(number, Operation::Set, bits).unwrap();
    }

    pub fn clear(&mut self, number: u64, bits: u64) {
        self.change(number, Operation::Clear, bits).unwrap();
    }

    pub fn slot(&self, slot: Slot) -> u64 {
        self.core.get(slot)
    }

    /// Puts a doubleword into RAM.
    pub fn poke(&self, gpa: u64, value: u64) {
        self.core
            .machine
            .ram
            .store(GuestPhysAddr(gpa), AccessSize::Double, value)
            .unwrap();
    }

    /// A doubleword of RAM.
    pub fn peek(&self, gpa: u64) -> u64 {
        self.core
            .machine
            .ram
            .load(GuestPhysAddr(gpa), AccessSize::Double)
            .unwrap()
    }

    pub fn load(&mut self, va: u64) -> Result<u64, Exception> {
        memory::load(&mut self.core, &mut self.hart, va, AccessSize::Double)
    }

    pub fn store(&mut self, va: u64, value: u64) -> Result<(), Exception> {
        memory::store(
            &mut self.core,
            &mut self.hart,
            va,
            AccessSize::Double,
            value,
        )
    }

    /// The physical address that an access reaches.
    pub fn translate(&mut self, va: u64, kind: AccessKind) -> Result<u64, Exception> {
        let size = AccessSize::Half;
        let entry = memory::translate(&mut self.core, &mut self.hart, va, size, kind)?;
        Ok(memory::physical(&entry, va).0)
    }
}
