//! One life of a machine, from power-on to the next reset.

use std::sync::{Arc, mpsc::Sender};

use vm_core::PowerEvent;
use vm_engine::vcpu::Engine;

use super::{
    control::Event,
    engine::{self, EngineInUse},
    parts::Parts,
    vcpus::{Reports, Vcpus},
};
use crate::{
    board::{Board, BoardParts},
    console::HostConsole,
    debug::Tools,
    error::MachineError,
};

/// What outlives the hardware.
pub(super) struct Surroundings<'a> {
    pub(super) parts: &'a Parts,
    pub(super) tools: &'a Tools,
    pub(super) console: &'a HostConsole,
    pub(super) events: &'a Sender<Event>,
    /// The number of this life.
    pub(super) life: u64,
}

/// How a life begins.
#[derive(Debug, Clone, Copy)]
pub(super) enum Begin {
    /// With the guest loaded, about to take its first instruction.
    PowerOn,
    /// With a state that is yet to be restored; its clock, in nanoseconds.
    Restored { clock_ns: u64 },
}

/// A board with its vCPUs.
pub(super) struct Hardware {
    pub(super) board: Box<dyn Board>,
    pub(super) vcpus: Vcpus,
    pub(super) engine: EngineInUse,
}

impl Hardware {
    pub(super) fn new(around: &Surroundings<'_>, begin: Begin) -> Result<Self, MachineError> {
        let parts = around.parts;
        let config = &parts.config;
        let reports = reports(around);
        let clock_ns = match begin {
            Begin::PowerOn => 0,
            Begin::Restored { clock_ns } => clock_ns,
        };
        let board = parts.board.build(&BoardParts {
            config,
            disks: &parts.disks,
            console: around.console,
            power: Arc::clone(&reports.power),
            symbols: parts.plan.symbols(),
            clock_ns,
        })?;
        let entry = match begin {
            Begin::PowerOn => Some(parts.plan.load(board.ram())?),
            Begin::Restored { .. } => None,
        };
        let make = |engine| board.make_vcpus(engine, entry);
        let (mut vcpus, engine) = engine::choose(make, config.engine, Engine::Jit(config.tiers))?;
        around.tools.watch(&mut vcpus);
        Ok(Self {
            vcpus: Vcpus::new(vcpus, reports),
            board,
            engine,
        })
    }

    /// Has the vCPUs, which do not run, stop at these virtual addresses.
    pub(super) fn set_breakpoints(&mut self, addresses: &[u64]) -> Result<(), MachineError> {
        let mut vcpus = self.vcpus.parked()?.iter_mut();
        let set = vcpus.try_for_each(|vcpu| vcpu.set_breakpoints(addresses));
        set.map_err(MachineError::Breakpoints)
    }

    /// Starts the threads.
    pub(super) fn start(&mut self) -> Result<(), MachineError> {
        self.board.start()?;
        self.vcpus.start().inspect_err(|_| self.board.stop())
    }

    /// Stops the threads; afterwards nothing moves but devices' own threads.
    pub(super) fn stop(&mut self) -> Result<(), MachineError> {
        self.board.stop();
        self.vcpus.stop()
    }
}

/// What reaches the thread that runs the machine from those of this life's vCPUs.
fn reports(around: &Surroundings<'_>) -> Reports {
    let life = around.life;
    let send = || {
        let events = around.events.clone();
        move |event: Event| {
            // The receiver is gone when the machine is: nobody is interested then.
            let _ = events.send(event);
        }
    };
    let (power, loss, breakpoint) = (send(), send(), send());
    Reports {
        power: Arc::new(move |event: PowerEvent| power(Event::Power { life, event })),
        loss: Arc::new(move |vcpu| loss(Event::Lost { life, vcpu })),
        breakpoint: Arc::new(move |vcpu, pc| breakpoint(Event::Breakpoint { life, vcpu, pc })),
    }
}
