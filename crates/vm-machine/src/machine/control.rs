//! What reaches a running machine from other threads.

use std::{
    collections::VecDeque,
    sync::mpsc::{Receiver, Sender, channel},
};

use vm_core::PowerEvent;

use super::MachineState;
use crate::error::MachineError;

/// News for the thread that runs the machine.
pub(super) enum Event {
    /// The guest, or a device, reports a power event.
    Power {
        /// Which life of the machine it belongs to: a reset begins another.
        life: u64,
        /// The event.
        event: PowerEvent,
    },
    /// A vCPU's thread ended by a panic.
    Lost {
        /// The life that it belonged to.
        life: u64,
        /// The vCPU's index.
        vcpu: usize,
    },
    /// A vCPU has stopped at a breakpoint.
    Breakpoint {
        /// The life that it belongs to.
        life: u64,
        /// The vCPU's index.
        vcpu: usize,
        /// The address.
        pc: u64,
    },
    /// Somebody wants something of the machine.
    Command(Command),
}

/// What can be asked of a machine.
pub(super) enum Command {
    Stop,
    Pause,
    Resume,
    /// Save, and send the state back.
    Save(Sender<Result<MachineState, MachineError>>),
}

/// Controls a machine from other threads. Clones control the same machine.
#[derive(Clone)]
pub struct MachineHandle {
    events: Sender<Event>,
}

impl MachineHandle {
    pub(super) fn new(events: Sender<Event>) -> Self {
        Self { events }
    }

    /// Ends the machine as if it had been switched off from outside. Does
    /// nothing if it has ended.
    pub fn stop(&self) {
        // The receiver is gone when the machine is: then there is nothing to stop.
        let _ = self.events.send(Event::Command(Command::Stop));
    }

    /// Halts all vCPUs between two instructions.
    ///
    /// # Errors
    /// [`MachineError::Ended`] if the machine is gone.
    pub fn pause(&self) -> Result<(), MachineError> {
        self.send(Command::Pause)
    }

    /// Lets a paused machine run on.
    ///
    /// # Errors
    /// [`MachineError::Ended`] if the machine is gone.
    pub fn resume(&self) -> Result<(), MachineError> {
        self.send(Command::Resume)
    }

    /// Takes the state of the whole machine, which runs on afterwards unless
    /// it was paused.
    ///
    /// # Errors
    /// [`MachineError::Ended`] if the machine is gone or ends before it gets
    /// to it, [`MachineError::Snapshot`] if a device's state does not serialise.
    pub fn save(&self) -> Result<MachineState, MachineError> {
        let (sender, state) = channel();
        self.send(Command::Save(sender))?;
        state.recv().map_err(|_| MachineError::Ended)?
    }

    fn send(&self, command: Command) -> Result<(), MachineError> {
        let sent = self.events.send(Event::Command(command));
        sent.map_err(|_| MachineError::Ended)
    }
}

/// What the thread that runs the machine has not got to yet.
pub(super) struct EventQueue {
    receiver: Receiver<Event>,
    /// What has been taken from there to be looked at.
    early: VecDeque<Event>,
}

impl EventQueue {
    /// The queue, and what leads to it.
    pub(super) fn new() -> (Sender<Event>, Self) {
        let (sender, receiver) = channel();
        let early = VecDeque::new();
        (sender, Self { receiver, early })
    }

    /// Waits for the next event; `None` if there will never be one.
    pub(super) fn next(&mut self) -> Option<Event> {
        let early = self.early.pop_front();
        early.or_else(|| self.receiver.recv().ok())
    }

    /// Whether the machine, in life `life`, has come to an end or a reset that
    /// nobody has reacted to.
    pub(super) fn has_power_event(&mut self, life: u64) -> bool {
        self.look();
        let mut events = self.early.iter();
        events.any(|event| matches!(event, Event::Power { life: of, .. } if *of == life))
    }

    /// Takes what vCPUs of life `life` have stopped at and nobody knows; forgets that of
    /// others.
    pub(super) fn take_breakpoints(&mut self, life: u64) -> Vec<(usize, u64)> {
        self.look();
        let mut stops = Vec::new();
        self.early.retain(|event| match *event {
            Event::Breakpoint { life: of, vcpu, pc } => {
                if of == life {
                    stops.push((vcpu, pc));
                }
                false
            }
            _ => true,
        });
        stops
    }

    /// Puts events before everything else, in their order.
    pub(super) fn put_back(&mut self, events: impl DoubleEndedIterator<Item = Event>) {
        events.rev().for_each(|event| self.early.push_front(event));
    }

    /// Puts a command behind everything else.
    pub(super) fn postpone(&mut self, command: Command) {
        self.early.push_back(Event::Command(command));
    }

    /// Forgets commands: whoever waits for an answer hears that there is none.
    pub(super) fn refuse_commands(&mut self) {
        self.look();
        self.early
            .retain(|event| !matches!(event, Event::Command(_)));
    }

    fn look(&mut self) {
        self.early.extend(self.receiver.try_iter());
    }
}
