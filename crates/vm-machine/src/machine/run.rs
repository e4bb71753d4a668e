//! Running a machine, until it ends or something stops it.

use std::time::Instant;

use vm_core::PowerEvent;

use super::{
    ExitStatus, Machine, MemoryStats, StopReason,
    control::{Command, Event},
};
use crate::error::MachineError;

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

    /// Runs the machine until it ends, somebody [pauses](super::MachineHandle::pause) it, or a
    /// vCPU comes to a [breakpoint](Self::set_breakpoint). Unless it has ended, the machine
    /// can then be looked at, changed, and run on. What is asked of it through
    /// [handles](super::MachineHandle) meanwhile waits until then.
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
                    if !self.events.has_power_event(self.life) {
                        return Ok(reason);
                    }
                    // The end that the guest has come to is first.
                    if reason == StopReason::Paused {
                        self.events.postpone(Command::Pause);
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
}
