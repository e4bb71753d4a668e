//! How user mode is entered and left: a trap handler in M-mode hands every trap to a
//! device, which answers system calls.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use vm_core::{
    AccessSize, BusError, GuestPhysAddr, PhysBus,
    time::{AlarmService, ManualClock},
};
use vm_engine::{
    guest::riscv64::{HartConfig, Riscv64},
    vcpu::{Engine, MachineShared, TranslatedVcpu, VcpuControl, exit_request},
};
use vm_mem::GuestRam;

use super::{RAM, call, tables::SATP};
use crate::{
    calls::{Answer, Calls},
    process::Crash,
};

/// The vCPU that executes the program.
pub type Processor = TranslatedVcpu<Riscv64>;

/// The device's registers: a0 to a5, a7, cause, value and address of the trap, 8
/// bytes each. Reading the first one does the call and returns its result.
const DEVICE: u64 = 0x10_0000;
const REGISTERS: usize = 10;
/// `mcause` of a system call from U-mode.
const ECALL: u64 = 8;

/// The code that enters U-mode and handles traps; see `user.S`.
const CODE: &[u8] = include_bytes!("user.bin");
/// Where it finds its parameters, from the start of RAM.
const PARAMETERS: u64 = 0x800;

/// A vCPU that executes one program in U-mode.
pub struct UserVcpu {
    vcpu: Processor,
    device: Arc<Device>,
    ram: GuestRam,
}

impl UserVcpu {
    /// A vCPU with this memory, whose program's system calls are answered by `calls`.
    ///
    /// # Errors
    /// If the engine cannot be had.
    pub fn new(ram: GuestRam, calls: Calls, engine: Engine) -> Result<Self> {
        ram.write(GuestPhysAddr(RAM), CODE)?;
        let control = Arc::new(VcpuControl::new(false));
        let device = Arc::new(Device {
            control: Arc::clone(&control),
            state: Mutex::new(State {
                registers: [0; REGISTERS],
                calls,
                ended: None,
            }),
        });
        let alarms = Arc::new(AlarmService::start(Arc::new(ManualClock::default()))?);
        let shared = Arc::new(MachineShared::new(ram.clone(), device.clone(), alarms));
        shared.attach(vec![Arc::clone(&control)]);
        let hart = Riscv64::new(HartConfig::default());
        let mut vcpu = TranslatedVcpu::new(0, control, shared, hart, RAM);
        vcpu.set_engine(engine)?;
        Ok(Self { vcpu, device, ram })
    }

    /// Forgets what the last program has done; the heap of the next begins at `brk`.
    pub fn restart(&self, brk: u64) {
        let mut state = self.device.lock();
        state.calls.restart(brk);
        state.ended = None;
    }

    /// Resets the vCPU; it is to begin at `entry`, with that stack pointer.
    ///
    /// # Errors
    /// None in memory that [`new`](Self::new) has accepted.
    pub fn enter(&mut self, entry: u64, stack: u64) -> Result<()> {
        for (at, value) in [SATP, entry, stack].into_iter().enumerate() {
            let address = GuestPhysAddr(RAM + PARAMETERS + 8 * at as u64);
            self.ram.write(address, &value.to_le_bytes())?;
        }
        let TranslatedVcpu { core, guest, .. } = &mut self.vcpu;
        guest.reset_to_machine(core, RAM, 0, 0);
        core.control.take_exit_requests(exit_request::STOP);
        self.vcpu.pc = RAM;
        Ok(())
    }

    /// Runs the program to its end: returns its status.
    ///
    /// # Errors
    /// What it died of.
    pub fn run(&mut self) -> Result<i32, Crash> {
        self.vcpu.run();
        let ended = self.device.lock().ended.take();
        ended.unwrap_or(Err(Crash::default()))
    }

    /// What the program has written since it began, or this was asked.
    pub fn take_output(&self) -> Vec<u8> {
        self.device.lock().calls.take_output()
    }

    /// Whether the program has ended.
    pub fn has_ended(&self) -> bool {
        self.device.lock().ended.is_some()
    }

    /// The vCPU itself.
    pub fn processor(&mut self) -> &mut Processor {
        &mut self.vcpu
    }
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
    fn lock(&self) -> MutexGuard<'_, State> {
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
        let [a0, a1, a2, a3, a4, a5, a7, cause, value, pc] = state.registers;
        let ended = if cause == ECALL {
            match state.calls.run(call(a7), [a0, a1, a2, a3, a4, a5]) {
                Answer::Returns(value) => return Ok(value),
                Answer::Ends(status) => Ok(status),
            }
        } else {
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
