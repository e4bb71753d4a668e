//! A machine, from its configuration to its end.

mod control;
mod engine;
mod exit;
mod hardware;
mod inspect;
mod memory;
mod parts;
mod ram_image;
mod run;
mod signature;
mod state;
mod stats;
mod vcpus;

use std::{collections::BTreeSet, sync::mpsc::Sender};

use vm_core::HostArch;

use control::{Event, EventQueue};
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

    /// What the machine has done so far.
    pub fn stats(&self) -> &MachineStats {
        &self.stats
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
