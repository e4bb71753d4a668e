//! A machine just large enough to run bare-metal code: RAM, a stop register,
//! software interrupts between harts.
#![allow(dead_code, reason = "each test program uses its part of the machine")]

pub mod asm;

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use vm_core::{
    AccessSize, BusError, GuestPhysAddr, PhysBus,
    time::{AlarmService, HostClock},
};
use vm_engine::{
    guest::riscv64::{HartConfig, Riscv64},
    jit,
    vcpu::{Engine, MachineShared, TranslatedVcpu, VcpuControl, VcpuExit, exit_request},
};
use vm_mem::GuestRam;
use vm_optimizers::TierPolicy;
use vm_testing::join;

/// Where RAM starts and harts begin.
pub const RAM: u64 = 0x8000_0000;
/// Stores here stop the machine; the value is its result.
pub const STOP: u64 = 0x10_0000;

/// Registers of 4 bytes, one for each hart, as a CLINT has them: bit 0 is the
/// hart's software interrupt.
pub const MSIP: u64 = 0x200_0000;
/// The interrupt line of machine software interrupts.
const MSI: u32 = 3;

/// How often [`Bare::run_while`] looks.
const POLL: Duration = Duration::from_millis(1);
/// How long it does so.
const LIMIT: Duration = Duration::from_secs(600);

#[derive(Default)]
struct Devices {
    stop: AtomicU64,
    harts: OnceLock<Vec<Arc<VcpuControl>>>,
}

impl Devices {
    fn stop_all(&self) {
        for control in self.harts.get().into_iter().flatten() {
            control.request_exit(exit_request::STOP);
        }
    }

    /// The hart whose MSIP is at `addr`.
    fn interrupted_at(&self, addr: GuestPhysAddr, size: AccessSize) -> Option<&VcpuControl> {
        let offset = addr.0.checked_sub(MSIP)?;
        let aligned = offset.is_multiple_of(4) && size == AccessSize::Word;
        let hart = self.harts.get()?.get(usize::try_from(offset / 4).ok()?)?;
        aligned.then_some(hart)
    }
}

impl PhysBus for Devices {
    fn read(&self, addr: GuestPhysAddr, size: AccessSize) -> Result<u64, BusError> {
        let hart = self.interrupted_at(addr, size);
        let hart = hart.ok_or(BusError { addr, size })?;
        Ok(hart.lines() >> MSI & 1)
    }

    fn write(&self, addr: GuestPhysAddr, size: AccessSize, value: u64) -> Result<(), BusError> {
        if addr.0 == STOP {
            self.stop.store(value, Ordering::SeqCst);
            self.stop_all();
            return Ok(());
        }
        let hart = self.interrupted_at(addr, size);
        let hart = hart.ok_or(BusError { addr, size })?;
        hart.set_line(MSI, value & 1 != 0);
        Ok(())
    }
}

/// Everything that blocks can be run by: tier 0, tier 1, and one after the other.
pub fn engines() -> Vec<Engine> {
    let jit = |threshold| {
        Engine::Jit(TierPolicy {
            threshold,
            code_bytes: 4 << 20,
        })
    };
    let compiled = if jit::SUPPORTED { &[0, 3][..] } else { &[] };
    let compiled = compiled.iter().map(|&threshold| jit(threshold));
    std::iter::once(Engine::Interpreter)
        .chain(compiled)
        .collect()
}

/// A machine of `harts` harts, all in M-mode at [`RAM`], with their number in a0.
pub struct Bare {
    pub shared: Arc<MachineShared>,
    pub vcpus: Vec<TranslatedVcpu<Riscv64>>,
    devices: Arc<Devices>,
}

impl Bare {
    /// 16 MiB of RAM with `code` at its start.
    pub fn new(harts: usize, code: &[u8]) -> Self {
        let ram = GuestRam::new(&[(GuestPhysAddr(RAM), 16 << 20)]).unwrap();
        ram.write(GuestPhysAddr(RAM), code).unwrap();
        let devices = Arc::new(Devices::default());
        let alarms = AlarmService::start(Arc::new(HostClock::starting_at(0))).unwrap();
        let bus: Arc<dyn PhysBus> = devices.clone();
        let shared = Arc::new(MachineShared::new(ram, bus, Arc::new(alarms)));
        let controls: Vec<_> = (0..harts)
            .map(|_| Arc::new(VcpuControl::new(false)))
            .collect();
        shared.attach(controls.clone());
        assert!(devices.harts.set(controls.clone()).is_ok());
        let vcpus = controls.into_iter().enumerate().map(|(index, control)| {
            let config = HartConfig {
                hart_id: index as u64,
                ..HartConfig::default()
            };
            let hart = Riscv64::new(config);
            let mut vcpu = TranslatedVcpu::new(index, control, Arc::clone(&shared), hart, RAM);
            let TranslatedVcpu { core, guest, .. } = &mut vcpu;
            guest.reset_to_machine(core, RAM, index as u64, 0);
            vcpu
        });
        let vcpus = vcpus.collect();
        Self {
            shared,
            vcpus,
            devices,
        }
    }

    /// The same machine, run by `engine`.
    #[must_use]
    pub fn on(mut self, engine: Engine) -> Self {
        let vcpus = self.vcpus.iter_mut();
        vcpus.for_each(|vcpu| vcpu.set_engine(engine).unwrap());
        self
    }

    /// Runs all harts until one stores to [`STOP`]; returns the value and the harts.
    pub fn run(self) -> (u64, Vec<TranslatedVcpu<Riscv64>>) {
        let devices = Arc::clone(&self.devices);
        let harts = self.run_while(|_| true);
        (devices.stop.load(Ordering::SeqCst), harts)
    }

    /// Runs all harts until one stores to [`STOP`] or `going_on`, which is asked
    /// again and again, is false of RAM; returns the harts.
    pub fn run_while(self, going_on: impl Fn(&GuestRam) -> bool) -> Vec<TranslatedVcpu<Riscv64>> {
        let threads: Vec<_> = self
            .vcpus
            .into_iter()
            .map(|mut vcpu| {
                std::thread::spawn(move || {
                    assert_eq!(vcpu.run(), VcpuExit::Stopped);
                    vcpu
                })
            })
            .collect();
        let begin = Instant::now();
        while threads.iter().any(|thread| !thread.is_finished()) {
            assert!(
                begin.elapsed() < LIMIT,
                "the end of the harts: not within {LIMIT:?}"
            );
            if !going_on(&self.shared.ram) {
                self.devices.stop_all();
            }
            std::thread::sleep(POLL);
        }
        let threads = threads.into_iter();
        threads
            .map(|thread| join("the end of a hart", thread))
            .collect()
    }
}

/// Machine code of instructions, given as words.
pub fn words(code: &[u32]) -> Vec<u8> {
    code.iter().flat_map(|word| word.to_le_bytes()).collect()
}
