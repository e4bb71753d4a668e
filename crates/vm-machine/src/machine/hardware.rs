//! One life of a machine, from power-on to the next reset.

use std::sync::{Arc, mpsc::Sender};

use vm_core::{GuestArch, PowerEvent, PowerSink};
use vm_engine::guest::riscv64::{Firmware, HartConfig, Riscv64};
use vm_engine::vcpu::{Engine, TranslatedVcpu};

use super::{
    control::Event,
    engine::{self, EngineInUse},
    parts::Parts,
    vcpus::{LostSink, Vcpus},
};
use crate::{
    board::virt_riscv64::{Board, BoardParts, Component, map},
    boot::{BootPlan, Entry},
    config::Bios,
    console::HostConsole,
    debug::Tools,
    error::MachineError,
    firmware::{
        htif::{Htif, HtifAddresses},
        sbi::Sbi,
    },
};

/// The guest architecture that this hardware runs.
pub(super) const ARCH: GuestArch = GuestArch::Riscv64;

/// What outlives the hardware.
pub(super) struct Surroundings<'a> {
    pub(super) parts: &'a Parts,
    pub(super) tools: &'a Tools,
    pub(super) console: &'a HostConsole,
    pub(super) events: &'a Sender<Event>,
    /// The number of this life.
    pub(super) life: u64,
    /// What the guest's clock starts at, in nanoseconds.
    pub(super) clock_ns: u64,
}

/// A board with its vCPUs.
pub(super) struct Hardware {
    pub(super) board: Board,
    pub(super) vcpus: Vcpus,
    pub(super) engine: EngineInUse,
    /// The firmware, if the host serves it.
    pub(super) sbi: Option<Arc<Sbi>>,
    htif: Option<Arc<Htif>>,
}

impl Hardware {
    /// Hardware after power-on: memory is empty and the vCPUs have not been reset.
    pub(super) fn new(around: &Surroundings<'_>) -> Result<Self, MachineError> {
        let config = &around.parts.config;
        let power = power_sink(around);
        let mut board = Board::new(&BoardParts {
            config,
            disks: &around.parts.disks,
            console: around.console,
            power: Arc::clone(&power),
            all_harts_run: config.bios != Bios::Builtin,
            clock_ns: around.clock_ns,
        })?;
        let sbi = (config.bios == Bios::Builtin).then(|| {
            let console = Arc::clone(&board.firmware_console);
            Arc::new(Sbi::new(board.shared.vcpus().len(), console))
        });
        let firmware = sbi.clone().map(|sbi| sbi as Arc<dyn Firmware>);
        let harts = board.shared.vcpus().iter().enumerate();
        let mut harts: Vec<_> = harts
            .map(|(index, control)| {
                let hart = Riscv64::new(HartConfig {
                    hart_id: index as u64,
                    reset_envcfg: map::RESET_ENVCFG,
                    firmware: firmware.clone(),
                    ..HartConfig::default()
                });
                let machine = Arc::clone(&board.shared);
                TranslatedVcpu::new(index, Arc::clone(control), machine, hart, 0)
            })
            .collect();
        let engine = engine::choose(&mut harts, config.engine, Engine::Jit(config.tiers))?;
        around.tools.watch(&mut harts);
        let htif = add_htif(&mut board, &around.parts.plan, &power);
        Ok(Self {
            vcpus: Vcpus::new(harts, power, loss_sink(around)),
            board,
            engine,
            sbi,
            htif,
        })
    }

    /// Loads the guest and puts the harts where it begins.
    pub(super) fn boot(&mut self, plan: &BootPlan) -> Result<(), MachineError> {
        let entry = plan.load(&self.board.shared.ram)?;
        for vcpu in self.vcpus.parked()? {
            let TranslatedVcpu {
                core, guest, pc, ..
            } = vcpu;
            match entry {
                Entry::Reset { pc: reset } => {
                    guest.reset_to_machine(core, reset, 0, 0);
                    *pc = reset;
                }
                Entry::Supervisor { pc: kernel, dtb } => {
                    let hart = guest.config().hart_id;
                    guest.reset_to_supervisor(core, kernel, hart, dtb);
                    *pc = kernel;
                }
            }
        }
        Ok(())
    }

    /// Starts the threads.
    pub(super) fn start(&mut self) -> Result<(), MachineError> {
        if let Some(htif) = &self.htif {
            htif.start().map_err(|cause| MachineError::Thread {
                what: "HTIF".to_owned(),
                cause,
            })?;
        }
        self.vcpus.start().inspect_err(|_| self.stop_htif())
    }

    /// Stops the threads; afterwards nothing moves but devices' own threads.
    pub(super) fn stop(&mut self) -> Result<(), MachineError> {
        self.stop_htif();
        self.vcpus.stop()
    }

    fn stop_htif(&self) {
        if let Some(htif) = &self.htif {
            htif.stop();
        }
    }
}

/// Adds what serves HTIF, if the program uses it.
fn add_htif(board: &mut Board, plan: &BootPlan, power: &Arc<dyn PowerSink>) -> Option<Arc<Htif>> {
    let symbols = plan.symbols();
    let addresses = HtifAddresses {
        tohost: symbols.tohost?,
        fromhost: symbols.fromhost,
    };
    let ram = board.shared.ram.clone();
    let console = Arc::clone(&board.firmware_console);
    let htif = Arc::new(Htif::new(addresses, ram, console, Arc::clone(power)));
    board.components.push(Component {
        name: "htif".to_owned(),
        device: Arc::clone(&htif) as _,
    });
    Some(htif)
}

/// Reports lost vCPUs to the thread that runs the machine.
fn loss_sink(around: &Surroundings<'_>) -> LostSink {
    let (events, life) = (around.events.clone(), around.life);
    Arc::new(move |vcpu| {
        // As for power events.
        let _ = events.send(Event::Lost { life, vcpu });
    })
}

/// Reports power events to the thread that runs the machine.
fn power_sink(around: &Surroundings<'_>) -> Arc<dyn PowerSink> {
    let (events, life) = (around.events.clone(), around.life);
    Arc::new(move |event: PowerEvent| {
        // The receiver is gone when the machine is: nobody is interested then.
        let _ = events.send(Event::Power { life, event });
    })
}
