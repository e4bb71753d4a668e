//! A machine that runs a test again and again.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use anyhow::{Context as _, Result};
use vm_core::{
    AccessSize, BusError, GuestPhysAddr, PhysBus,
    time::{AlarmService, HostClock},
};
use vm_engine::{
    guest::riscv64::{HartConfig, Riscv64},
    vcpu::{Engine, MachineShared, TranslatedVcpu, VcpuControl, exit_request},
};
use vm_mem::GuestRam;

use super::{
    program::{self, *},
    test::{Outcome, RESULTS, Test, VARIABLES},
};

const RAM_BYTES: u64 =
    ALL_VARIABLES - RAM + MAX_INSTANCES as u64 * VARIABLES as u64 * VARIABLE_BYTES;

/// Where threads say that they are done.
#[derive(Default)]
struct Ends {
    running: AtomicUsize,
    vcpus: OnceLock<Vec<Arc<VcpuControl>>>,
}

impl PhysBus for Ends {
    fn read(&self, addr: GuestPhysAddr, size: AccessSize) -> Result<u64, BusError> {
        Err(BusError { addr, size })
    }

    fn write(&self, addr: GuestPhysAddr, size: AccessSize, _: u64) -> Result<(), BusError> {
        if addr.0 != END {
            return Err(BusError { addr, size });
        }
        if self.running.fetch_sub(1, Ordering::SeqCst) == 1 {
            let vcpus = self.vcpus.get().into_iter().flatten();
            vcpus.for_each(|vcpu| vcpu.request_exit(exit_request::STOP));
        }
        Ok(())
    }
}

/// A test on a machine.
pub struct Machine {
    ram: GuestRam,
    vcpus: Vec<TranslatedVcpu<Riscv64>>,
    ends: Arc<Ends>,
    instances: usize,
}

impl Machine {
    /// Loads the test, of which each [`run`](Self::run) does so many `instances`.
    /// `patience`: see [`program::build`].
    pub fn new(test: &Test, engine: Engine, patience: u32, instances: usize) -> Result<Self> {
        let instances = instances.min(MAX_INSTANCES);
        let ram = GuestRam::new(&[(GuestPhysAddr(RAM), RAM_BYTES)])?;
        let code = program::build(test, patience, instances);
        let bytes: Vec<_> = code.iter().flat_map(|word| word.to_le_bytes()).collect();
        ram.write(GuestPhysAddr(RAM), &bytes)?;
        let ends = Arc::new(Ends::default());
        let alarms = AlarmService::start(Arc::new(HostClock::starting_at(0)))
            .context("cannot start the thread of alarms")?;
        let shared = MachineShared::new(ram.clone(), ends.clone(), Arc::new(alarms));
        let shared = Arc::new(shared);
        let controls: Vec<_> = (0..test.vcpus())
            .map(|_| Arc::new(VcpuControl::new(false)))
            .collect();
        shared.attach(controls.clone());
        let _ = ends.vcpus.set(controls.clone());
        let mut vcpus = Vec::new();
        for (index, control) in controls.into_iter().enumerate() {
            let hart = Riscv64::new(HartConfig {
                hart_id: index as u64,
                ..HartConfig::default()
            });
            let mut vcpu = TranslatedVcpu::new(index, control, Arc::clone(&shared), hart, RAM);
            vcpu.set_engine(engine)?;
            vcpus.push(vcpu);
        }
        Ok(Self {
            ram,
            vcpus,
            ends,
            instances,
        })
    }

    /// Runs all instances once; returns how they ended.
    pub fn run(&mut self, seed: u64) -> Result<Vec<Outcome>> {
        self.reset(seed)?;
        thread::scope(|scope| {
            for vcpu in &mut self.vcpus {
                scope.spawn(|| vcpu.run());
            }
        });
        self.outcomes()
    }

    fn reset(&mut self, seed: u64) -> Result<()> {
        self.ends.running.store(self.vcpus.len(), Ordering::SeqCst);
        let variables = vec![0; self.instances * VARIABLES * VARIABLE_BYTES as usize];
        self.ram.write(GuestPhysAddr(ALL_VARIABLES), &variables)?;
        for (index, vcpu) in self.vcpus.iter_mut().enumerate() {
            let TranslatedVcpu {
                core, guest, pc, ..
            } = vcpu;
            core.control.take_exit_requests(exit_request::STOP);
            guest.reset_to_machine(core, RAM, index as u64, 0);
            *pc = RAM;
            let number = index as u64;
            let own = seed
                .wrapping_mul(8)
                .wrapping_add(number)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let seeds = GuestPhysAddr(SEEDS + 8 * number);
            self.ram.write(seeds, &(own | 1).to_le_bytes())?;
            let progress = GuestPhysAddr(PROGRESS + 64 * number);
            self.ram.write(progress, &[0; 8])?;
        }
        Ok(())
    }

    fn outcomes(&self) -> Result<Vec<Outcome>> {
        let memory = self.words(ALL_VARIABLES, self.instances * VARIABLES * 8)?;
        let results: Vec<_> = (0..self.vcpus.len() as u64)
            .map(|thread| {
                let at = ALL_RESULTS + thread * RESULTS_BYTES;
                self.words(at, self.instances * RESULTS)
            })
            .collect::<Result<_>>()?;
        let outcome = |instance: usize| Outcome {
            results: results
                .iter()
                .map(|words| std::array::from_fn(|n| words[instance * RESULTS + n]))
                .collect(),
            memory: std::array::from_fn(|variable| {
                let at = (instance * VARIABLES + variable) * 8;
                [memory[at], memory[at + 1]]
            }),
        };
        Ok((0..self.instances).map(outcome).collect())
    }

    fn words(&self, at: u64, count: usize) -> Result<Vec<u64>> {
        let mut bytes = vec![0; 8 * count];
        self.ram.read(GuestPhysAddr(at), &mut bytes)?;
        let (words, _) = bytes.as_chunks();
        Ok(words.iter().map(|word| u64::from_le_bytes(*word)).collect())
    }
}
