//! A machine that runs one statically linked Linux program, without a kernel: U-mode
//! under Sv39 with pages of 4 KiB, system calls answered by the host.
//!
//! Given the same program, arguments and input, it executes the same instructions
//! each time: its clock counts its calls and random numbers are zeros.

mod calls;
mod load;
mod memory;

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, ensure};
use vm_core::{
    AccessSize, BusError, GuestPhysAddr, PhysBus,
    time::{AlarmService, ManualClock},
};
use vm_engine::{
    guest::riscv64::{HartConfig, Riscv64},
    vcpu::{Engine, MachineShared, TranslatedVcpu, VcpuControl, VcpuStats, exit_request},
};

use calls::{Answer, Calls};
use load::Program;
use memory::{Memory, RAM};

/// The device's registers: a0 to a5, a7, cause, value and address of the trap, 8
/// bytes each. Reading the first one does the call and returns its result.
const DEVICE: u64 = 0x10_0000;
const REGISTERS: usize = 10;
const CAUSE: usize = 7;
/// `mcause` of a system call from U-mode.
const ECALL: u64 = 8;

/// The code that enters U-mode and handles traps; see `user.S`.
const CODE: &[u8] = include_bytes!("user.bin");
/// Where it finds its parameters, from the start of RAM.
const PARAMETERS: u64 = 0x800;

/// What a program has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// What it wrote to standard output and standard error.
    pub output: Vec<u8>,
    /// Its exit status.
    pub status: i32,
    /// Instructions retired, the few of the trap handler included.
    pub retired: u64,
}

/// A program on a vCPU.
pub struct Machine {
    vcpu: TranslatedVcpu<Riscv64>,
    device: Arc<Device>,
    memory: Memory,
    program: Program,
    arguments: Vec<String>,
}

impl Machine {
    /// A machine that will run an ELF file with these arguments, the first of
    /// which is its name, and this standard input.
    ///
    /// # Errors
    /// If the file is no static RISC-V program, or the engine cannot be had.
    pub fn new(file: &[u8], arguments: &[&str], input: &[u8], engine: Engine) -> Result<Self> {
        let memory = Memory::new()?;
        memory.ram.write(GuestPhysAddr(RAM), CODE)?;
        let program = Program::parse(file)?;
        let control = Arc::new(VcpuControl::new(false));
        let device = Arc::new(Device {
            control: Arc::clone(&control),
            state: Mutex::new(State {
                registers: [0; REGISTERS],
                calls: Calls::new(memory.clone(), input),
                ended: None,
            }),
        });
        let alarms = Arc::new(AlarmService::start(Arc::new(ManualClock::default()))?);
        let shared = MachineShared::new(memory.ram.clone(), device.clone(), alarms);
        let shared = Arc::new(shared);
        shared.attach(vec![Arc::clone(&control)]);
        let hart = Riscv64::new(HartConfig::default());
        let mut vcpu = TranslatedVcpu::new(0, control, shared, hart, RAM);
        vcpu.set_engine(engine)?;
        let arguments = arguments
            .iter()
            .map(|&argument| argument.to_owned())
            .collect();
        let mut machine = Self {
            vcpu,
            device,
            memory,
            program,
            arguments,
        };
        machine.restart()?;
        Ok(machine)
    }

    /// Puts the program back to its start. Translated code stays.
    ///
    /// # Errors
    /// If it does not fit into memory.
    pub fn restart(&mut self) -> Result<()> {
        let (entry, stack) = self.program.load(&self.memory, &self.arguments)?;
        let satp = self.memory.satp();
        for (at, value) in [satp, entry, stack].into_iter().enumerate() {
            let address = GuestPhysAddr(RAM + PARAMETERS + 8 * at as u64);
            self.memory.ram.write(address, &value.to_le_bytes())?;
        }
        let mut state = self.device.lock();
        state.calls.restart(self.program.end());
        state.ended = None;
        drop(state);
        let TranslatedVcpu { core, guest, .. } = &mut self.vcpu;
        guest.reset_to_machine(core, RAM, 0, 0);
        core.control.take_exit_requests(exit_request::STOP);
        self.vcpu.pc = RAM;
        Ok(())
    }

    /// Runs the program to its end, in this thread.
    ///
    /// # Errors
    /// If it dies of an exception.
    pub fn run(&mut self) -> Result<Ended> {
        let before = self.vcpu.core.retired;
        self.vcpu.run();
        let mut state = self.device.lock();
        let status = state.ended.take().unwrap_or(Err(Crash::default()));
        let status = match status {
            Ok(status) => status,
            Err(Crash { cause, value, pc }) => {
                anyhow::bail!("the program died at {pc:#x} of exception {cause}, value {value:#x}")
            }
        };
        Ok(Ended {
            output: state.calls.take_output(),
            status,
            retired: self.vcpu.core.retired.wrapping_sub(before),
        })
    }

    /// Runs the program to its end, which must be a success.
    ///
    /// # Errors
    /// As [`run`](Self::run), and if its exit status is not 0.
    pub fn run_well(&mut self) -> Result<Ended> {
        let ended = self.run()?;
        let Ended { status, output, .. } = &ended;
        let said = String::from_utf8_lossy(output);
        ensure!(
            *status == 0,
            "the program ended with status {status}: {said}"
        );
        Ok(ended)
    }

    /// What the engine has done since the last call.
    pub fn take_stats(&mut self) -> VcpuStats {
        self.vcpu.take_stats()
    }

    /// The vCPU, to be looked at between instructions.
    pub(crate) fn vcpu(&mut self) -> &mut TranslatedVcpu<Riscv64> {
        &mut self.vcpu
    }

    /// The machine's memory.
    pub(crate) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Whether the program has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.device.lock().ended.is_some()
    }
}

/// What a program died of.
#[derive(Debug, Clone, Copy, Default)]
struct Crash {
    cause: u64,
    value: u64,
    pc: u64,
}

struct State {
    registers: [u64; REGISTERS],
    calls: Calls,
    ended: Option<Result<i32, Crash>>,
}

struct Device {
    control: Arc<VcpuControl>,
    state: Mutex<State>,
}

impl Device {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The register at an address, if there is one.
fn register(addr: GuestPhysAddr, size: AccessSize) -> Result<usize, BusError> {
    let offset = addr.0.wrapping_sub(DEVICE);
    let number = (offset / 8) as usize;
    let is_register = size == AccessSize::Double && offset.is_multiple_of(8) && number < REGISTERS;
    is_register.then_some(number).ok_or(BusError { addr, size })
}

impl PhysBus for Device {
    fn read(&self, addr: GuestPhysAddr, size: AccessSize) -> Result<u64, BusError> {
        register(addr, size)?;
        let mut state = self.lock();
        let registers = state.registers;
        let ended = if registers[CAUSE] == ECALL {
            match state.calls.run(&registers) {
                Answer::Returns(value) => return Ok(value),
                Answer::Ends(status) => Ok(status),
            }
        } else {
            let [.., cause, value, pc] = registers;
            Err(Crash { cause, value, pc })
        };
        state.ended = Some(ended);
        self.control.request_exit(exit_request::STOP);
        Ok(0)
    }

    fn write(&self, addr: GuestPhysAddr, size: AccessSize, value: u64) -> Result<(), BusError> {
        let number = register(addr, size)?;
        self.lock().registers[number] = value;
        Ok(())
    }
}
