//! One life of a machine, from power-on to the next reset.

use std::sync::{Arc, mpsc::Sender};

use vm_core::{PowerEvent, PowerSink};
use vm_engine::vcpu::Engine;

use super::{
    control::Event,
    engine::{self, EngineInUse},
    parts::Parts,
    vcpus::{LostSink, Vcpus},
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
        let power = power_sink(around);
        let clock_ns = match begin {
            Begin::PowerOn => 0,
            Begin::Restored { clock_ns } => clock_ns,
        };
        let board = parts.board.build(&BoardParts {
            config,
            disks: &parts.disks,
            console: around.console,
            power: Arc::clone(&power),
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
            vcpus: Vcpus::new(vcpus, power, loss_sink(around)),
            board,
            engine,
        })
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
