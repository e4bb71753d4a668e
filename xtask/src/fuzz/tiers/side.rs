//! One of the two machines.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use anyhow::{Context as _, Result};
use vm_core::{
    AccessSize, GuestPhysAddr,
    time::{Alarm, AlarmService, HostClock, ManualClock},
};
use vm_engine::{
    guest::riscv64::{HartConfig, Riscv64},
    vcpu::{Engine, MachineShared, TranslatedVcpu, VcpuControl, VcpuRequest, exit_request},
};
use vm_mem::GuestRam;

use super::{
    compiled::Compiled,
    device::Devices,
    image::{self, Image},
    layout::{GOOD, PAGE, RAM, RAM_BYTES, TABLES, VIRTUAL, functions},
    plan::{Event, revocable},
    state::State,
};

/// More than any stretch takes that comes to its end.
const LIMIT: Duration = Duration::from_secs(5);

/// A machine with one hart.
pub struct Side {
    vcpu: TranslatedVcpu<Riscv64>,
    devices: Arc<Devices>,
    watchdog: Alarm,
    stuck: bool,
}

impl Side {
    /// A machine whose blocks have at most `max_insns` instructions. With
    /// `neighbour`, it has a second hart, which never runs. `compiled` counts what
    /// is compiled.
    ///
    /// # Errors
    /// If the host lacks memory, threads, or the engine.
    pub fn new(
        max_insns: u16,
        engine: Engine,
        neighbour: bool,
        compiled: &Compiled,
    ) -> Result<Self> {
        let ram = GuestRam::new(&[(GuestPhysAddr(RAM), RAM_BYTES)])?;
        let control = Arc::new(VcpuControl::new(false));
        let devices = Arc::new(Devices::new(Arc::clone(&control)));
        let alarms = Arc::clone(guest_alarms()?);
        let shared = Arc::new(MachineShared::new(ram, devices.clone(), alarms));
        let other = neighbour.then(|| Arc::new(VcpuControl::new(true)));
        let controls = std::iter::once(Arc::clone(&control)).chain(other);
        shared.attach(controls.collect());
        let guest = Riscv64::new(HartConfig::default());
        let mut vcpu = TranslatedVcpu::new(0, Arc::clone(&control), shared, guest, RAM);
        vcpu.set_max_block_insns(max_insns);
        vcpu.set_engine(engine)?;
        vcpu.set_code_listener(Arc::new(compiled.clone()));
        let stop = move || control.request_exit(exit_request::STOP);
        let watchdog = host_alarms()?.alarm(stop);
        Ok(Self {
            vcpu,
            devices,
            watchdog,
            stuck: false,
        })
    }

    /// Resets hart and memory.
    ///
    /// # Errors
    /// If the image is not as large as RAM.
    pub fn reset(&mut self, image: &Image) -> Result<()> {
        let machine = &self.vcpu.core.machine;
        let mut now = vec![0; PAGE as usize];
        for (address, page) in (RAM..)
            .step_by(PAGE as usize)
            .zip(image.0.chunks(now.len()))
        {
            machine.ram.read(GuestPhysAddr(address), &mut now)?;
            if now != page {
                machine.ram.write(GuestPhysAddr(address), page)?;
            }
        }
        self.devices.reset();
        let TranslatedVcpu { core, guest, .. } = &mut self.vcpu;
        guest.reset_to_machine(core, RAM, 0, 0);
        self.vcpu.pc = RAM;
        self.stuck = false;
        Ok(())
    }

    /// Runs so many instructions, unless that takes too long: then it is stuck.
    ///
    /// # Errors
    /// If the host has no thread for the alarm.
    pub fn run(&mut self, insns: u64) -> Result<()> {
        let now = host_alarms()?.clock().now_ns();
        let limit = u64::try_from(LIMIT.as_nanos()).unwrap_or(u64::MAX);
        self.watchdog.set(Some(now.saturating_add(limit)));
        self.stuck |= self.vcpu.run_for(insns).is_some();
        self.watchdog.set(None);
        Ok(())
    }

    /// Whether no instruction retires any more.
    pub fn is_stuck(&self) -> bool {
        self.stuck
    }

    /// Has something happen.
    ///
    /// # Errors
    /// If the case is not one of this layout.
    pub fn happen(&mut self, event: Event) -> Result<()> {
        match event {
            Event::Stop => {}
            Event::Interrupt(line) => self.vcpu.core.control.set_line(line, true),
            Event::Revoke { pages, rights } => {
                let chosen = (0..).zip(revocable()).filter(|(n, _)| pages >> n & 1 != 0);
                for (_, page) in chosen {
                    self.revoke(page, rights)?;
                    self.flush_page(page);
                }
            }
            Event::Write { function, insn } => {
                let offset = functions()
                    .get(function)
                    .copied()
                    .context("no such function")?;
                self.write(RAM + offset as u64, &insn.to_le_bytes())?;
                self.vcpu.core.control.post(VcpuRequest::SyncInstructions);
            }
            Event::Flush => self.flush(),
        }
        Ok(())
    }

    /// Takes rights to a virtual page away.
    fn revoke(&mut self, page: u64, rights: u64) -> Result<()> {
        for (table, copy) in TABLES.into_iter().zip(GOOD) {
            let [at, good] = [table, copy].map(|number| RAM + number * PAGE + 8 * page);
            let load = |at| {
                self.vcpu
                    .core
                    .machine
                    .ram
                    .load(GuestPhysAddr(at), AccessSize::Double)
            };
            let entry = load(good).context("no page table")? & !rights;
            self.write(at, &entry.to_le_bytes())?;
        }
        Ok(())
    }

    fn flush_page(&mut self, page: u64) {
        self.vcpu.core.control.post(VcpuRequest::FlushTlb {
            va: VIRTUAL + page * PAGE,
            pages: 1,
            asid: None,
        });
    }

    fn flush(&mut self) {
        self.vcpu.core.control.post(VcpuRequest::FlushTlb {
            va: 0,
            pages: u64::MAX,
            asid: None,
        });
    }

    /// Stores as a device does.
    fn write(&mut self, address: u64, bytes: &[u8]) -> Result<()> {
        let machine = &self.vcpu.core.machine;
        machine.ram.write(GuestPhysAddr(address), bytes)?;
        Ok(())
    }

    /// The hart's state and, with `memory`, that of RAM and devices.
    ///
    /// # Errors
    /// If it cannot be saved.
    pub fn state(&self, memory: bool) -> Result<State> {
        let TranslatedVcpu {
            core, guest, pc, ..
        } = &self.vcpu;
        let mut bytes = Vec::new();
        if memory {
            bytes.resize(RAM_BYTES as usize, 0);
            self.read(RAM, &mut bytes)?;
            bytes.extend(self.devices.page().iter());
        }
        Ok(State {
            stuck: self.stuck,
            retired: core.retired,
            hart: guest.save(core, *pc)?,
            memory: bytes,
        })
    }

    /// Virtual address of the next instruction.
    pub fn pc(&self) -> u64 {
        self.vcpu.pc
    }

    /// Reads RAM from a physical address on.
    ///
    /// # Errors
    /// If that is no RAM.
    pub fn read(&self, address: u64, bytes: &mut [u8]) -> Result<()> {
        let ram = &self.vcpu.core.machine.ram;
        Ok(ram.read(GuestPhysAddr(address), bytes)?)
    }

    /// Instructions retired so far.
    pub fn retired(&self) -> u64 {
        self.vcpu.core.retired
    }

    /// Traps that the handlers have logged since reset.
    ///
    /// # Errors
    /// If RAM is too small.
    pub fn traps(&self) -> Result<u64> {
        let load = |at| {
            self.vcpu
                .core
                .machine
                .ram
                .load(GuestPhysAddr(at), AccessSize::Double)
        };
        let counts = image::trap_counts().map(load);
        counts
            .into_iter()
            .sum::<Option<u64>>()
            .context("no handlers")
    }

    /// What it has done since the last call.
    pub fn take_stats(&mut self) -> vm_engine::vcpu::VcpuStats {
        self.vcpu.take_stats()
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        self.watchdog.set(None);
    }
}

/// Guest time, which stands still.
fn guest_alarms() -> Result<&'static Arc<AlarmService>> {
    static ALARMS: OnceLock<Option<Arc<AlarmService>>> = OnceLock::new();
    let start = || AlarmService::start(Arc::new(ManualClock::default())).ok();
    let alarms = ALARMS.get_or_init(|| start().map(Arc::new));
    alarms
        .as_ref()
        .context("cannot start the thread of the guests' alarms")
}

/// One thread of watchdogs.
fn host_alarms() -> Result<&'static Arc<AlarmService>> {
    static ALARMS: OnceLock<Option<Arc<AlarmService>>> = OnceLock::new();
    let start = || AlarmService::start(Arc::new(HostClock::starting_at(0))).ok();
    let alarms = ALARMS.get_or_init(|| start().map(Arc::new));
    alarms
        .as_ref()
        .context("cannot start the thread of watchdogs")
}

#[cfg(test)]
mod tests {
    use vm_optimizers::TierPolicy;

    use super::*;

    /// The state of a machine in which there is no code, nor a handler.
    fn without_code(engine: Engine) -> Result<State> {
        let mut side = Side::new(64, engine, false, &Compiled::default())?;
        side.reset(&Image(vec![0; RAM_BYTES as usize]))?;
        side.run(100)?;
        side.state(true)
    }

    #[test]
    fn machines_without_a_handler_are_stuck_alike() {
        let policy = TierPolicy {
            threshold: 0,
            ..TierPolicy::default()
        };
        let jit = std::thread::spawn(move || without_code(Engine::Jit(policy)).unwrap());
        let interpreter = without_code(Engine::Interpreter).unwrap();
        assert!(interpreter.stuck && interpreter.retired == 0);
        assert!(interpreter == jit.join().unwrap());
    }
}
