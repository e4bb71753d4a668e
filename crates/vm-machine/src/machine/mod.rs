//! A machine, from its configuration to its end.

mod control;
mod engine;
mod exit;
mod hardware;
mod inspect;
mod memory;
mod parts;
mod ram_image;
mod signature;
mod state;
mod stats;
mod vcpus;

use std::{collections::BTreeSet, sync::mpsc::Sender, time::Instant};

use vm_core::{HostArch, PowerEvent};

use control::{Command, Event, EventQueue};
use hardware::{Begin, Hardware, Surroundings};

use crate::{
    config::MachineConfig,
    console::HostConsole,
    debug::Tools,
    error::MachineError,
    files::{Files, OutputFile},
};

pub use control::MachineHandle;
pub use exit::{ExitStatus, StopReason};
pub use memory::MemoryStats;
pub use parts::{Parts, device_tree};
pub use state::MachineState;
pub use stats::MachineStats;

/// A virtual machine.
pub struct Machine {
    parts: Parts,
    tools: Tools,
    console: HostConsole,
    sender: Sender<Event>,
    events: EventQueue,
    /// Virtual addresses at which vCPUs stop.
    breakpoints: BTreeSet<u64>,
    /// How many times the hardware was made.
    life: u64,
    hardware: Option<Hardware>,
    stats: MachineStats,
    on_end: Option<EndCallback>,
}

/// What to call when a machine begins to end.
type EndCallback = Box<dyn Fn(ExitStatus) + Send>;

/// What to do after an event.
enum Next {
    /// Wait for the next one.
    Wait,
    /// Begin another life.
    Reset,
    /// Stop, but not for good.
    Stop(StopReason),
    /// End.
    End(ExitStatus),
}

/// What a machine runs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    /// Its end: pauses are waited for, and breakpoints do not count.
    End,
    /// Anything that stops it.
    Stop,
}

impl Machine {
    /// A machine that has just been switched on.
    ///
    /// # Errors
    /// [`MachineError`] if a file is missing, damaged or too large, or the
    /// host cannot provide what the machine needs.
    pub fn new(config: MachineConfig, console: HostConsole) -> Result<Self, MachineError> {
        Self::assemble(Parts::open(config, Files::default())?, console)
    }

    /// A machine of these parts, that has just been switched on.
    ///
    /// # Errors
    /// [`MachineError`] if the host cannot provide what the machine needs. Files that
    /// the machine was to write are then as they were.
    pub fn assemble(mut parts: Parts, console: HostConsole) -> Result<Self, MachineError> {
        let trace = parts.trace.as_ref().map(OutputFile::writer).transpose()?;
        let tools = Tools::new(&parts.config, parts.plan.take_names(), trace);
        let (sender, events) = EventQueue::new();
        let mut machine = Self {
            parts,
            tools,
            console,
            sender,
            events,
            breakpoints: BTreeSet::new(),
            life: 0,
            hardware: None,
            stats: MachineStats::default(),
            on_end: None,
        };
        machine.power_on()?;
        machine.parts.begin()?;
        Ok(machine)
    }

    /// What controls the machine from other threads.
    pub fn handle(&self) -> MachineHandle {
        MachineHandle::new(self.sender.clone())
    }

    /// Sets what to call when the machine begins to end. From then on it only waits
    /// for its own parts, which may be stuck in the host.
    pub fn on_end(&mut self, callback: impl Fn(ExitStatus) + Send + 'static) {
        self.on_end = Some(Box::new(callback));
    }

    /// Which engine runs the guest, and why; as text for people.
    pub fn engine(&self) -> String {
        let guest = self.parts.board.arch();
        let host = HostArch::current().map_or("unknown", HostArch::name);
        let line = format!("{guest} guest on {host} host");
        match &self.hardware {
            Some(hardware) => format!("{line}: {}", hardware.engine),
            None => line,
        }
    }

    /// Runs the machine to its end, on this thread and those of its vCPUs.
    /// Called again, it goes on where the machine ended or failed, if that is
    /// possible, else from power-on.
    ///
    /// # Errors
    /// [`MachineError`] if the host runs out of something, or a part of the
    /// machine fails.
    pub fn run(&mut self) -> Result<ExitStatus, MachineError> {
        loop {
            if let StopReason::Ended(status) = self.go(Until::End)? {
                return Ok(status);
            }
        }
    }

    /// Runs the machine until it ends, somebody [pauses](MachineHandle::pause) it, or a
    /// vCPU comes to a [breakpoint](Self::set_breakpoint). Unless it has ended, the machine
    /// can then be looked at, changed, and run on.
    ///
    /// # Errors
    /// As for [`run`](Self::run).
    pub fn run_until_stop(&mut self) -> Result<StopReason, MachineError> {
        self.go(Until::Stop)
    }

    fn go(&mut self, until: Until) -> Result<StopReason, MachineError> {
        if self.hardware.is_none() {
            self.power_on()?;
        }
        let begin = Instant::now();
        let result = self.run_lives(until).inspect_err(|_| self.halt());
        if !matches!(
            result,
            Ok(StopReason::Paused | StopReason::Breakpoint { .. })
        ) {
            self.events.refuse_commands();
        }
        self.stats.ran_since(begin);
        self.tools.flush();
        result
    }

    /// What the machine has done so far.
    pub fn stats(&self) -> &MachineStats {
        &self.stats
    }

    /// Stops what moves after a failure.
    fn halt(&mut self) {
        // A machine without one of its vCPUs is not that machine any more.
        if self
            .hardware
            .as_mut()
            .is_some_and(|hardware| hardware.stop().is_err())
        {
            self.hardware = None;
        }
    }

    fn run_lives(&mut self, until: Until) -> Result<StopReason, MachineError> {
        if let Some(reason) = self.stopped_before()
            && until == Until::Stop
        {
            return Ok(reason);
        }
        self.start(until)?;
        let mut running = true;
        loop {
            // The sender is kept here, so there is always one.
            let event = self.events.next().ok_or(MachineError::Ended)?;
            match self.react(event, &mut running, until)? {
                Next::Wait => {}
                Next::Reset => {
                    self.stats.resets += 1;
                    self.collect_stats()?;
                    self.power_on()?;
                    self.start(until)?;
                    running = true;
                }
                Next::Stop(reason) => {
                    self.hardware()?.stop()?;
                    // An end that the guest has come to is the reason.
                    if !self.events.has_power_event(self.life) {
                        return Ok(reason);
                    }
                }
                Next::End(status) => {
                    self.end(status)?;
                    return Ok(StopReason::Ended(status));
                }
            }
        }
    }

    /// Starts the hardware, which stops at breakpoints if it is to.
    fn start(&mut self, until: Until) -> Result<(), MachineError> {
        let breakpoints: Vec<u64> = match until {
            Until::End => Vec::new(),
            Until::Stop => self.breakpoints.iter().copied().collect(),
        };
        let hardware = self.hardware()?;
        hardware.set_breakpoints(&breakpoints)?;
        hardware.start()
    }

    /// The next breakpoint that a vCPU has come to at the same time as the one that was
    /// reported last, if it is there still.
    fn stopped_before(&mut self) -> Option<StopReason> {
        let mut stops = self.events.take_breakpoints(self.life).into_iter();
        let found = stops.find(|&(vcpu, pc)| {
            let registers = self.registers(vcpu);
            self.breakpoints.contains(&pc) && registers.is_ok_and(|now| now.pc() == pc)
        });
        let life = self.life;
        let others = stops.map(|(vcpu, pc)| Event::Breakpoint { life, vcpu, pc });
        self.events.put_back(others);
        found.map(|(vcpu, pc)| StopReason::Breakpoint { vcpu, pc })
    }

    /// Replaces the state of a machine that does not run.
    ///
    /// # Errors
    /// [`MachineError`] if the state is of another kind of machine, or
    /// damaged. The machine then starts from power-on.
    pub fn restore(&mut self, state: &MachineState) -> Result<(), MachineError> {
        // Until its state is there, a device would forget what it is given.
        let _held = self.console.input.hold();
        let hardware = self.new_hardware(Begin::Restored {
            clock_ns: state.clock_ns(),
        })?;
        self.hardware
            .insert(hardware)
            .restore(state, self.parts.board)
            .inspect_err(|_| {
                self.hardware = None;
            })
    }

    fn react(
        &mut self,
        event: Event,
        running: &mut bool,
        until: Until,
    ) -> Result<Next, MachineError> {
        match event {
            // What the last life has left behind.
            Event::Power { life, .. } | Event::Lost { life, .. } if life != self.life => {
                Ok(Next::Wait)
            }
            Event::Power { event, .. } => Ok(self.power(event)),
            Event::Lost { vcpu, .. } => Err(MachineError::VcpuLost { vcpu }),
            Event::Breakpoint { life, vcpu, pc } => Ok(match until {
                Until::Stop if life == self.life => Next::Stop(StopReason::Breakpoint { vcpu, pc }),
                _ => Next::Wait,
            }),
            Event::Command(Command::Stop) => Ok(Next::End(ExitStatus::Stopped)),
            Event::Command(Command::Pause) if until == Until::Stop => {
                Ok(Next::Stop(StopReason::Paused))
            }
            Event::Command(command) => {
                self.control(command, running)?;
                Ok(Next::Wait)
            }
        }
    }

    fn power(&self, event: PowerEvent) -> Next {
        match event {
            PowerEvent::PowerOff { status } => Next::End(ExitStatus::PowerOff { status }),
            PowerEvent::Panic => Next::End(ExitStatus::Panic),
            PowerEvent::Reset if self.parts.config.no_reboot => Next::End(ExitStatus::Reset),
            PowerEvent::Reset => Next::Reset,
        }
    }

    fn control(&mut self, command: Command, running: &mut bool) -> Result<(), MachineError> {
        let hardware = self.hardware()?;
        match command {
            Command::Stop => {}
            Command::Pause => {
                hardware.stop()?;
                *running = false;
            }
            Command::Resume => {
                hardware.start()?;
                *running = true;
            }
            Command::Save(reply) => {
                hardware.stop()?;
                // An end that the guest has come to is not part of the state.
                if self.events.has_power_event(self.life) {
                    self.events.postpone(Command::Save(reply));
                    return Ok(());
                }
                let arch = self.parts.board.arch();
                let hardware = self.hardware()?;
                let state = hardware.save(arch);
                let started = if *running { hardware.start() } else { Ok(()) };
                // Whoever asked may have lost interest.
                let _ = reply.send(state);
                started?;
            }
        }
        Ok(())
    }

    fn end(&mut self, status: ExitStatus) -> Result<(), MachineError> {
        if let Some(callback) = &self.on_end {
            callback(status);
        }
        self.hardware()?.stop()?;
        self.collect_stats()?;
        self.stats.memory = MemoryStats::now(self.hardware()?.board.ram());
        if matches!(status, ExitStatus::PowerOff { .. }) {
            self.write_signature()?;
        }
        if status != ExitStatus::Stopped {
            self.switch_off();
        }
        Ok(())
    }

    fn collect_stats(&mut self) -> Result<(), MachineError> {
        match &mut self.hardware {
            Some(hardware) => self.stats.collect(&mut hardware.vcpus),
            None => Ok(()),
        }
    }

    fn write_signature(&mut self) -> Result<(), MachineError> {
        let symbols = self.parts.plan.symbols();
        let ram = self.hardware()?.board.ram().clone();
        match &mut self.parts.signature {
            Some(file) => signature::write(file, &symbols, &ram),
            None => Ok(()),
        }
    }

    fn hardware(&mut self) -> Result<&mut Hardware, MachineError> {
        self.hardware.as_mut().ok_or(MachineError::Ended)
    }

    /// Begins a new life with a new board: nothing of the last one can leak.
    fn power_on(&mut self) -> Result<(), MachineError> {
        self.hardware = Some(self.new_hardware(Begin::PowerOn)?);
        Ok(())
    }

    /// Ends this life. What its guest has not read of the input is the next one's.
    fn switch_off(&mut self) {
        if let Some(mut hardware) = self.hardware.take() {
            // A vCPU that is lost reads nothing either.
            let _ = hardware.stop();
            self.console.input.recall();
        }
    }

    fn new_hardware(&mut self, begin: Begin) -> Result<Hardware, MachineError> {
        // The old board's disks are the new one's.
        self.switch_off();
        self.life += 1;
        let around = Surroundings {
            parts: &self.parts,
            tools: &self.tools,
            console: &self.console,
            events: &self.sender,
            life: self.life,
        };
        Hardware::new(&around, begin)
    }
}

#[cfg(test)]
mod tests;
