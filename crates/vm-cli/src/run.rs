//! `trine run`.

mod control;
mod input;
mod keys;
mod output;
mod stats;
mod terminal;

use std::{fs, time::Duration};

use vm_machine::{
    Machine,
    config::{self, Console, MachineConfig, MachineOptions, StatsOutput},
};

use crate::{args::RunArgs, default_guest, error::CliError, exit, lines};

use control::Stopper;
use output::HostOutput;
use stats::StatsSink;
use terminal::RawTerminal;

/// Runs the command; returns the exit code.
///
/// # Errors
/// [`CliError`] if the machine cannot be made or run.
pub fn run(args: RunArgs) -> Result<u8, CliError> {
    let options = with_file(args)?;
    let timeout = options.timeout.map(Duration::from_secs);
    let dtb_dump = options.dtb_dump.clone();
    let stats = options.stats.clone();
    let guest = default_guest::choose(options)?;
    let config = guest.options.build()?;
    match dtb_dump {
        Some(path) => {
            let tree = Machine::device_tree(&config)?;
            fs::write(&path, tree).map_err(|cause| CliError::Write {
                option: "dtb-dump",
                path,
                cause,
            })?;
            Ok(exit::SUCCESS)
        }
        None => run_machine(config, timeout, stats),
    }
}

/// The command line, and behind it the configuration file.
fn with_file(mut args: RunArgs) -> Result<MachineOptions, CliError> {
    let file = args.config.take();
    let options = args.into_options();
    Ok(match file {
        Some(path) => options.or(config::load(&path)?),
        None => options,
    })
}

fn run_machine(
    config: MachineConfig,
    timeout: Option<Duration>,
    stats: Option<StatsOutput>,
) -> Result<u8, CliError> {
    let stats = stats.map(StatsSink::open).transpose()?;
    let output = HostOutput::open(&config.console)?;
    let on_stdio = config.console == Console::Stdio;
    let console = output.console();
    if on_stdio {
        terminal::measure(&console.screen);
    }
    let mut machine = Machine::new(config, console.clone())?;
    let engine = machine.engine();
    lines::err(format_args!("trine: {engine}"));

    let terminal = RawTerminal::enter(on_stdio)?;
    if terminal.is_active() {
        lines::err("trine: Ctrl-A x quits, Ctrl-A h shows the keys");
    }
    let stopper = Stopper::new(machine.handle());
    stopper.watch_signals(console.screen.clone())?;
    if let Some(timeout) = timeout {
        stopper.stop_after(timeout)?;
    }
    if on_stdio {
        input::start(&console.input, &stopper, terminal.is_active())?;
    }
    let result = machine.run();
    output.flush();
    drop(terminal);
    let status = result?;
    stopper.report();
    if let Some(stats) = stats {
        stats.write(&engine, machine.stats())?;
    }
    Ok(exit::code(status, stopper.reason()))
}
