//! How long a guest takes to start, and how much of the host's time.

use std::{
    process::{Child, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use serde::Serialize;

use super::{
    host::{self, CpuTime},
    machine::{Emulator, Guest, Kind},
    session,
    stats::median,
};

/// What the guest prints at the end of what is measured.
const MARK: &str = "bench: userspace";

/// What is measured: a name, and the guest that is started.
pub struct Scenario {
    /// Its name: what is reached.
    pub name: &'static str,
    /// The guest, which prints [`MARK`].
    pub guest: Guest,
}

/// One start.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Sample {
    /// Seconds from the start of the process to the mark.
    pub wall: f64,
    /// What the process spent until then.
    pub cpu: CpuTime,
}

/// The starts of one guest on one machine.
#[derive(Debug, Clone, Serialize)]
pub struct Measured {
    /// What was reached.
    pub scenario: &'static str,
    /// The machine.
    pub machine: Kind,
    /// One for each start.
    pub samples: Vec<Sample>,
}

/// Trine's times divided by QEMU's.
#[derive(Debug, Clone, Serialize)]
pub struct Ratio {
    /// What was reached.
    pub scenario: &'static str,
    /// Of the wall times' medians.
    pub wall: Option<f64>,
    /// Of the medians of user and system time together.
    pub cpu: Option<f64>,
}

/// Starts every guest `repeat` times on every emulator, by turns.
///
/// # Errors
/// If a guest does not start.
pub fn measure(
    emulators: &[Emulator],
    scenarios: &[Scenario],
    repeat: u32,
    timeout: Duration,
) -> Result<Vec<Measured>> {
    let mut all = Vec::new();
    for scenario in scenarios {
        let empty = emulators.iter().map(|emulator| Measured {
            scenario: scenario.name,
            machine: emulator.kind(),
            samples: Vec::new(),
        });
        let mut measured: Vec<Measured> = empty.collect();
        for _ in 0..repeat {
            for (emulator, measured) in emulators.iter().zip(&mut measured) {
                let sample = start(emulator, &scenario.guest, timeout)
                    .with_context(|| format!("{} did not start", emulator.kind().name()))?;
                measured.samples.push(sample);
            }
        }
        all.extend(measured);
    }
    Ok(all)
}

/// Trine's times against QEMU's, where both were measured.
pub fn ratios(measured: &[Measured]) -> Vec<Ratio> {
    let of = |machine| measured.iter().filter(move |m| m.machine == machine);
    let mut ratios = Vec::new();
    for trine in of(Kind::Trine) {
        let Some(qemu) = of(Kind::Qemu).find(|qemu| qemu.scenario == trine.scenario) else {
            continue;
        };
        let divide = |part: fn(&Sample) -> f64| Some(middle(trine, part)? / middle(qemu, part)?);
        ratios.push(Ratio {
            scenario: trine.scenario,
            wall: divide(|sample| sample.wall),
            cpu: divide(|sample| sample.cpu.total()),
        });
    }
    ratios
}

fn middle(measured: &Measured, part: fn(&Sample) -> f64) -> Option<f64> {
    let samples: Vec<f64> = measured.samples.iter().map(part).collect();
    median(&samples)
}

fn start(emulator: &Emulator, guest: &Guest, timeout: Duration) -> Result<Sample> {
    let mut command = emulator.command(guest);
    command.stdin(Stdio::null());
    let before = host::children()?;
    let begin = Instant::now();
    let (mut child, lines) = session::spawn(&mut command)?;
    let reached = wait_for_mark(&lines, begin + timeout);
    let wall = begin.elapsed().as_secs_f64();
    // What comes after the mark is not measured, so it must not happen.
    end(&mut child)?;
    reached?;
    Ok(Sample {
        wall,
        cpu: host::children()? - before,
    })
}

fn end(child: &mut Child) -> Result<()> {
    // It may have ended by itself.
    let _ = child.kill();
    child.wait()?;
    Ok(())
}

fn wait_for_mark(lines: &Receiver<String>, deadline: Instant) -> Result<()> {
    let mut last = String::new();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match lines.recv_timeout(left) {
            Ok(line) if line == MARK => return Ok(()),
            Ok(line) => last = line,
            Err(RecvTimeoutError::Timeout) => bail!("too slow; its last line: {last}"),
            Err(RecvTimeoutError::Disconnected) => bail!("it ended; its last line: {last}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(scenario: &'static str, machine: Kind, wall: &[f64]) -> Measured {
        let sample = |&wall: &f64| Sample {
            wall,
            cpu: CpuTime {
                user: wall / 2.0,
                system: wall / 4.0,
            },
        };
        Measured {
            scenario,
            machine,
            samples: wall.iter().map(sample).collect(),
        }
    }

    #[test]
    fn only_what_both_reached_is_compared() {
        let all = [
            measured("a", Kind::Trine, &[1.0, 9.0, 2.0]),
            measured("a", Kind::Qemu, &[4.0]),
            measured("b", Kind::Trine, &[1.0]),
        ];
        let ratios = ratios(&all);
        assert_eq!(ratios.len(), 1);
        assert_eq!((ratios[0].scenario, ratios[0].wall), ("a", Some(0.5)));
        assert_eq!(ratios[0].cpu, Some(0.5));
    }
}
