//! A machine that runs while the test watches it.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
};

use parking_lot::Mutex;
use vm_core::{
    AccessSize, BusError, GuestPhysAddr, PhysBus,
    time::{AlarmService, HostClock},
};
use vm_engine::{
    guest::{
        Guest,
        riscv64::{Firmware, HartConfig, Riscv64},
    },
    jit,
    vcpu::{Core, Engine, MachineShared, TranslatedVcpu, VcpuControl, VcpuExit, exit_request},
};
use vm_mem::GuestRam;
use vm_testing::{join, wait_for};
use vm_toy::Toy;

use crate::common::asm::Program;

pub const RAM: u64 = 0x8000_0000;
pub const RAM_BYTES: u64 = 1 << 20;
/// Stores here stop all harts; the value is the machine's result.
pub const STOP: u64 = 0x10_0000;
/// Stores here drop the calling harts' software interrupt: the value is the
/// hart's number.
pub const ACKNOWLEDGE: u64 = 0x10_0008;
/// A register that keeps what is stored to it, at any size and alignment.
pub const SCRATCH: u64 = 0x10_0ff0;
/// An interrupt line: RISC-V's machine software interrupt.
pub const MSI: u32 = 3;
/// The same line to other guests.
pub const LINE: u32 = MSI;

/// A RISC-V hart.
pub type Hart = TranslatedVcpu<Riscv64>;

/// The devices.
#[derive(Default)]
pub struct Registers {
    result: AtomicU64,
    acknowledged: AtomicU64,
    scratch: Mutex<[u8; 16]>,
    machine: Mutex<Weak<MachineShared>>,
}

impl Registers {
    /// How many interrupts were acknowledged.
    pub fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::SeqCst)
    }
}

impl PhysBus for Registers {
    fn read(&self, addr: GuestPhysAddr, size: AccessSize) -> Result<u64, BusError> {
        let at = addr.0.checked_sub(SCRATCH).ok_or(BusError { addr, size })? as usize;
        let bytes = size.bytes() as usize;
        let scratch = self.scratch.lock();
        let found = scratch.get(at..at + bytes).ok_or(BusError { addr, size })?;
        let mut value = [0; 8];
        value[..bytes].copy_from_slice(found);
        Ok(u64::from_le_bytes(value))
    }

    fn write(&self, addr: GuestPhysAddr, size: AccessSize, value: u64) -> Result<(), BusError> {
        let machine = self.machine.lock().upgrade();
        let vcpus = machine.as_ref().map_or(&[][..], |machine| machine.vcpus());
        match addr.0 {
            STOP => {
                self.result.store(value, Ordering::SeqCst);
                vcpus
                    .iter()
                    .for_each(|vcpu| vcpu.request_exit(exit_request::STOP));
            }
            ACKNOWLEDGE => {
                vcpus[value as usize].set_line(MSI, false);
                self.acknowledged.fetch_add(1, Ordering::SeqCst);
            }
            _ => {
                let at = addr.0.wrapping_sub(SCRATCH) as usize;
                let bytes = size.bytes() as usize;
                let mut scratch = self.scratch.lock();
                let target = scratch.get_mut(at..at.wrapping_add(bytes));
                let target = target.ok_or(BusError { addr, size })?;
                target.copy_from_slice(&value.to_le_bytes()[..bytes]);
            }
        }
        Ok(())
    }
}

/// A machine of vCPUs, of RISC-V harts if nothing else is said.
pub struct Machine<G: Guest = Riscv64> {
    pub shared: Arc<MachineShared>,
    pub vcpus: Vec<TranslatedVcpu<G>>,
    /// The name of the vCPUs' threads, at most 15 bytes.
    pub thread_name: String,
    pub registers: Arc<Registers>,
}

impl Machine {
    /// Harts that start in M-mode at [`RAM`] with their number in a0.
    pub fn new(harts: usize, program: &Program) -> Self {
        Self::with_firmware(harts, program, None)
    }

    /// The same in S-mode, if there is firmware.
    pub fn with_firmware(
        harts: usize,
        program: &Program,
        firmware: Option<Arc<dyn Firmware>>,
    ) -> Self {
        let hart = |hart_id| {
            Riscv64::new(HartConfig {
                hart_id,
                firmware: firmware.clone(),
                ..HartConfig::default()
            })
        };
        let reset = |core: &mut Core, guest: &mut Riscv64| {
            let index = core.index as u64;
            if firmware.is_some() {
                guest.reset_to_supervisor(core, RAM, index, 0);
            } else {
                guest.reset_to_machine(core, RAM, index, 0);
            }
        };
        Self::build(harts, &program.bytes(), crate::ENGINE, hart, reset)
    }
}

impl Machine<Toy> {
    /// Toys that start at [`RAM`] with their number in r0.
    pub fn toys(count: usize, program: &vm_toy::asm::Program) -> Self {
        Self::toys_on(count, program, crate::ENGINE)
    }

    /// The same, run by `engine`.
    pub fn toys_on(count: usize, program: &vm_toy::asm::Program, engine: Engine) -> Self {
        let reset = |core: &mut Core, toy: &mut Toy| {
            let index = core.index as u64;
            toy.start(core, RAM, index);
        };
        Self::build(count, &program.bytes(), engine, |_| Toy::default(), reset)
    }
}

impl<G: Guest> Machine<G> {
    fn build(
        count: usize,
        code: &[u8],
        engine: Engine,
        guest: impl Fn(u64) -> G,
        reset: impl Fn(&mut Core, &mut G),
    ) -> Self {
        let ram = GuestRam::new(&[(GuestPhysAddr(RAM), RAM_BYTES)]).unwrap();
        let registers = Arc::new(Registers::default());
        let alarms = AlarmService::start(Arc::new(HostClock::starting_at(0))).unwrap();
        let shared = Arc::new(MachineShared::new(
            ram,
            Arc::clone(&registers) as Arc<dyn PhysBus>,
            Arc::new(alarms),
        ));
        *registers.machine.lock() = Arc::downgrade(&shared);
        let controls = (0..count).map(|_| Arc::new(VcpuControl::new(false)));
        shared.attach(controls.collect());
        let vcpus = shared.vcpus().iter().enumerate().map(|(index, control)| {
            let (control, shared) = (Arc::clone(control), Arc::clone(&shared));
            let mut vcpu = TranslatedVcpu::new(index, control, shared, guest(index as u64), RAM);
            if jit::SUPPORTED {
                vcpu.set_engine(engine).unwrap();
            }
            reset(&mut vcpu.core, &mut vcpu.guest);
            vcpu
        });
        let machine = Self {
            vcpus: vcpus.collect(),
            thread_name: "vcpu".to_owned(),
            shared,
            registers,
        };
        machine.load(0, code);
        machine
    }

    /// Writes to RAM, at offset `at`.
    pub fn load(&self, at: u64, bytes: &[u8]) {
        let ram = &self.shared.ram;
        ram.write(GuestPhysAddr(RAM + at), bytes).unwrap();
    }

    /// Runs it until the guest stops it; returns the result and the harts.
    pub fn run(self) -> (u64, Vec<TranslatedVcpu<G>>) {
        self.start().end()
    }

    /// The doubleword at offset `at` in RAM.
    pub fn peek(&self, at: u64) -> u64 {
        peek(&self.shared, at)
    }

    /// Starts the vCPUs' threads.
    pub fn start(self) -> Running<G> {
        let name = &self.thread_name;
        let threads = self.vcpus.into_iter().map(|mut vcpu| {
            let thread = std::thread::Builder::new().name(name.clone());
            thread
                .spawn(move || {
                    let exit = vcpu.run();
                    (vcpu, exit)
                })
                .unwrap()
        });
        Running {
            threads: threads.collect(),
            thread_name: self.thread_name,
            shared: self.shared,
            registers: self.registers,
        }
    }
}

/// A machine whose vCPUs run.
pub struct Running<G: Guest = Riscv64> {
    pub shared: Arc<MachineShared>,
    threads: Vec<JoinHandle<(TranslatedVcpu<G>, VcpuExit)>>,
    thread_name: String,
    pub registers: Arc<Registers>,
}

impl<G: Guest> Running<G> {
    /// The harts, once they have stopped.
    pub fn join(self) -> Vec<TranslatedVcpu<G>> {
        let exits = self.exits();
        exits
            .into_iter()
            .map(|(hart, exit)| {
                assert_eq!(exit, VcpuExit::Stopped);
                hart
            })
            .collect()
    }

    /// The result and the harts, once the guest has stopped them.
    pub fn end(self) -> (u64, Vec<TranslatedVcpu<G>>) {
        let registers = Arc::clone(&self.registers);
        let harts = self.join();
        (registers.result.load(Ordering::SeqCst), harts)
    }

    /// The harts and why they stopped.
    pub fn exits(self) -> Vec<(TranslatedVcpu<G>, VcpuExit)> {
        let threads = self.threads.into_iter();
        threads
            .map(|thread| join("the end of a hart", thread))
            .collect()
    }

    /// Stops the harts; the machine can be started again.
    pub fn pause(self) -> Machine<G> {
        let (shared, registers) = (Arc::clone(&self.shared), Arc::clone(&self.registers));
        let thread_name = self.thread_name.clone();
        let vcpus = self.stop();
        for vcpu in shared.vcpus() {
            vcpu.take_exit_requests(exit_request::STOP);
        }
        Machine {
            shared,
            vcpus,
            thread_name,
            registers,
        }
    }

    /// Stops the harts from outside.
    pub fn stop(self) -> Vec<TranslatedVcpu<G>> {
        for vcpu in self.shared.vcpus() {
            vcpu.request_exit(exit_request::STOP);
        }
        self.join()
    }

    pub fn control(&self, hart: usize) -> &Arc<VcpuControl> {
        &self.shared.vcpus()[hart]
    }

    /// The doubleword at offset `at` in RAM.
    pub fn peek(&self, at: u64) -> u64 {
        peek(&self.shared, at)
    }

    /// Replaces the doubleword at offset `at` in RAM.
    pub fn poke(&self, at: u64, value: u64) {
        let addr = GuestPhysAddr(RAM + at);
        self.shared
            .ram
            .store(addr, AccessSize::Double, value)
            .unwrap();
    }

    /// Waits until the doubleword at offset `at` fulfils a condition.
    pub fn wait_until(&self, at: u64, condition: impl Fn(u64) -> bool) -> u64 {
        wait_for("a value in memory", || {
            Some(self.peek(at)).filter(|value| condition(*value))
        })
    }

    /// How many interrupts were acknowledged.
    pub fn acknowledged(&self) -> u64 {
        self.registers.acknowledged()
    }
}

fn peek(machine: &MachineShared, at: u64) -> u64 {
    let addr = GuestPhysAddr(RAM + at);
    machine.ram.load(addr, AccessSize::Double).unwrap()
}
