//! Running programs on a machine, whatever it is.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};

use super::{
    build, host, initramfs,
    machine::{Emulator, Guest, Kind},
    output::{self, Sample},
    packages::{Measure, Packaged},
    session::Session,
    suite::{Origin, Program},
};
use crate::{process, tools::debian::Unpacked};

/// Something that runs programs.
pub enum Runner {
    /// An emulator with a guest, started when it is needed.
    Emulated {
        /// The emulator.
        emulator: Emulator,
        /// The guest.
        guest: Guest,
        /// What has become of it.
        state: GuestState,
    },
    /// The host.
    Native {
        /// The directory of the suite's programs, for the host.
        programs: PathBuf,
        /// The directory of their input files.
        data: PathBuf,
        /// The programs of others, for the host.
        packages: Option<Unpacked>,
    },
}

/// A guest's state.
pub enum GuestState {
    /// Not started yet, or ended.
    Down,
    /// Ready for commands.
    Up(Session),
    /// It did not start, and would not the next time either.
    Broken,
}

/// How programs are run.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Longer or shorter measurements than the programs' own.
    pub scale: f64,
    /// For one program, or the guest's start.
    pub timeout: Duration,
}

impl Runner {
    /// What it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Emulated { emulator, .. } => emulator.kind(),
            Self::Native { .. } => Kind::Native,
        }
    }

    /// Runs a program once.
    ///
    /// # Errors
    /// If it fails, or the guest does. The next call starts a new guest then.
    pub fn measure(&mut self, program: &Program, limits: Limits) -> Result<Sample> {
        let lines = match self {
            Self::Emulated {
                emulator,
                guest,
                state,
            } => {
                let command = guest_command(program, limits.scale)?;
                in_guest(emulator, guest, state, &command, limits.timeout)?
            }
            Self::Native {
                programs,
                data,
                packages,
            } => {
                let packages = packages.as_ref();
                let mut command = native_command(program, programs, data, packages, limits.scale)?;
                let output = host::on_one_processor(|| process::output(&mut command))?;
                output.lines().map(str::to_owned).collect()
            }
        };
        match program.origin {
            Origin::Package(packaged) => packaged.result(&lines),
            _ => output::rounds(program.name, &lines),
        }
    }
}

fn in_guest(
    emulator: &Emulator,
    guest: &Guest,
    state: &mut GuestState,
    command: &str,
    timeout: Duration,
) -> Result<Vec<String>> {
    if let GuestState::Up(session) = state
        && session.is_alive()
    {
        return session.run(command, timeout);
    }
    if matches!(state, GuestState::Broken) {
        bail!("not run, because the guest did not start");
    }
    *state = GuestState::Broken;
    let mut session = Session::start(emulator.command(guest), timeout)?;
    let lines = session.run(command, timeout);
    *state = GuestState::Up(session);
    lines
}

/// The words of a program's command line; `others` are those of a packaged one.
fn words(
    program: &Program,
    own: &Path,
    scale: f64,
    others: impl FnOnce(&Packaged) -> Result<Vec<String>>,
) -> Result<Vec<String>> {
    let path = |name: &str| own.join(name).to_string_lossy().into_owned();
    let scale = scale.to_string();
    Ok(match program.origin {
        Origin::C | Origin::Rust | Origin::Generated => {
            vec![path(program.name), "--scale".to_owned(), scale]
        }
        Origin::Package(packaged) => {
            let command = others(packaged)?;
            match packaged.measure {
                Measure::Itself => command,
                Measure::Runs => {
                    let measured = [path(build::COMMAND), scale, program.name.to_owned()];
                    measured.into_iter().chain(command).collect()
                }
            }
        }
    })
}

fn guest_command(program: &Program, scale: f64) -> Result<String> {
    let others = |packaged: &Packaged| {
        let mut words = vec![format!("{}/{}", initramfs::PACKAGES, packaged.program)];
        words.extend(packaged.arguments(Path::new(initramfs::DATA)));
        Ok(words)
    };
    let words = words(program, Path::new(initramfs::PROGRAMS), scale, others)?;
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    Ok(quoted.join(" "))
}

fn native_command(
    program: &Program,
    own: &Path,
    data: &Path,
    packages: Option<&Unpacked>,
    scale: f64,
) -> Result<Command> {
    let others = |packaged: &Packaged| {
        let packages = packages.context("the host's packages are not unpacked")?;
        let command = packages.program(packaged.program)?;
        let start = std::iter::once(command.get_program()).chain(command.get_args());
        let mut words: Vec<String> = start
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        words.extend(packaged.arguments(data));
        Ok(words)
    };
    let words = words(program, own, scale, others)?;
    let mut words = words.iter();
    let mut command = process::command(words.next().context("no command")?);
    command.args(words);
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::suite;

    fn command_of(name: &str) -> String {
        let all = suite::all();
        let program = all.iter().find(|program| program.name == name).unwrap();
        guest_command(program, 0.5).unwrap()
    }

    #[test]
    fn guests_are_told_what_to_run() {
        assert_eq!(command_of("sieve"), "'/bench/bin/sieve' '--scale' '0.5'");
        assert_eq!(
            command_of("lua5.4"),
            "'/bench/bin/command' '0.5' 'lua5.4' '/bench/root/usr/bin/lua5.4' \
             '/bench/data/work.lua'"
        );
        assert!(command_of("openssl-rsa").starts_with("'/bench/root/usr/bin/openssl' 'speed'"));
    }

    #[test]
    fn commands_fit_a_line_of_the_console() {
        for program in suite::all() {
            let command = guest_command(&program, 0.123_456_789).unwrap();
            assert!(command.len() < 1000 && !command.contains("''"), "{command}");
        }
    }
}
