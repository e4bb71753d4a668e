//! A machine just large enough to run bare-metal code: RAM, a stop register.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use vm_core::{
    AccessSize, BusError, GuestPhysAddr, PhysBus,
    time::{AlarmService, HostClock},
};
use vm_engine::{
    guest::riscv64::{HartConfig, Riscv64},
    vcpu::{MachineShared, Vcpu, VcpuControl, VcpuExit, attention},
};
use vm_mem::GuestRam;

/// Where RAM starts and harts begin.
pub const RAM: u64 = 0x8000_0000;
/// Stores here stop the machine; the value is its result.
pub const STOP: u64 = 0x10_0000;

#[derive(Default)]
struct StopRegister {
    value: AtomicU64,
    machine: std::sync::OnceLock<Vec<Arc<VcpuControl>>>,
}

impl PhysBus for StopRegister {
    fn read(&self, addr: GuestPhysAddr, size: AccessSize) -> Result<u64, BusError> {
        Err(BusError { addr, size })
    }

    fn write(&self, addr: GuestPhysAddr, size: AccessSize, value: u64) -> Result<(), BusError> {
        if addr.0 != STOP {
            return Err(BusError { addr, size });
        }
        self.value.store(value, Ordering::SeqCst);
        for control in self.machine.get().into_iter().flatten() {
            control.raise_attention(attention::STOP);
        }
        Ok(())
    }
}

/// A machine of `harts` harts, all in M-mode at [`RAM`], with their number in a0.
pub struct Bare {
    pub shared: Arc<MachineShared>,
    pub vcpus: Vec<Vcpu<Riscv64>>,
    stop: Arc<StopRegister>,
}

impl Bare {
    /// 16 MiB of RAM with `code` at its start.
    pub fn new(harts: usize, code: &[u8]) -> Self {
        let ram = GuestRam::new(&[(GuestPhysAddr(RAM), 16 << 20)]).unwrap();
        ram.write(GuestPhysAddr(RAM), code).unwrap();
        let stop = Arc::new(StopRegister::default());
        let alarms = AlarmService::start(Arc::new(HostClock::starting_at(0))).unwrap();
        let bus: Arc<dyn PhysBus> = stop.clone();
        let shared = Arc::new(MachineShared::new(ram, bus, Arc::new(alarms)));
        let controls: Vec<_> = (0..harts)
            .map(|_| Arc::new(VcpuControl::new(false)))
            .collect();
        shared.attach(controls.clone());
        assert!(stop.machine.set(controls.clone()).is_ok());
        let vcpus = controls.into_iter().enumerate().map(|(index, control)| {
            let config = HartConfig {
                hart_id: index as u64,
                ..HartConfig::default()
            };
            let hart = Riscv64::new(config);
            let mut vcpu = Vcpu::new(index, control, Arc::clone(&shared), hart, RAM);
            let Vcpu { core, guest, .. } = &mut vcpu;
            guest.reset_to_machine(core, RAM, index as u64, 0);
            vcpu
        });
        let vcpus = vcpus.collect();
        Self {
            shared,
            vcpus,
            stop,
        }
    }

    /// Runs all harts until one stores to [`STOP`]; returns the value and the harts.
    pub fn run(self) -> (u64, Vec<Vcpu<Riscv64>>) {
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
        let vcpus = threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect();
        (self.stop.value.load(Ordering::SeqCst), vcpus)
    }
}

/// Machine code of instructions, given as words.
pub fn words(code: &[u32]) -> Vec<u8> {
    code.iter().flat_map(|word| word.to_le_bytes()).collect()
}
