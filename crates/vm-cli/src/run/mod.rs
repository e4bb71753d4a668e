//! `trine run`.

pub mod control;
mod deadline;
mod input;
mod keys;
mod last_resort;
mod output;
mod stats;

use std::path::Path;

use vm_machine::{
    Machine, Parts,
    config::{self, Console, MachineConfig, MachineOptions, Setting, StatsOutput},
    device_tree,
    files::Files,
};

use crate::{
    args::RunArgs,
    default_guest,
    error::CliError,
    exit, lines,
    os::{
        signals,
        terminal::{self, RawTerminal},
    },
};

use control::Stopper;
use deadline::Deadline;
use last_resort::LastResort;
use output::HostOutput;
use stats::StatsSink;

/// Runs the command; returns the exit code.
///
/// # Errors
/// [`CliError`] if the machine cannot be made or run.
pub fn run(args: RunArgs) -> Result<u8, CliError> {
    let mut deadline = Deadline::begin();
    deadline.set(args.timeout)?;
    let mut files = Files::default();
    let options = with_file(args, &mut files)?;
    deadline.set(options.timeout)?;
    let dtb_dump = options.dtb_dump.clone();
    let stats = options.stats.clone();
    let guest = default_guest::choose(options)?;
    let config = guest.options.build()?;
    match dtb_dump {
        Some(path) => dump_device_tree(&config, files, &path),
        None => run_machine(config, files, &deadline, stats),
    }
}

/// The command line, and behind it the configuration file.
fn with_file(mut args: RunArgs, files: &mut Files) -> Result<MachineOptions, CliError> {
    let file = args.config.take();
    let options = args.into_options();
    Ok(match file {
        Some(path) => options.or(config::load(&path, files)?),
        None => options,
    })
}

fn dump_device_tree(config: &MachineConfig, mut files: Files, path: &Path) -> Result<u8, CliError> {
    let tree = device_tree(config, &mut files)?;
    files.write(Setting::DtbDump, path)?.replace(&tree)?;
    Ok(exit::SUCCESS)
}

/// Tells `files` which of the standard streams the machine will use.
fn note_streams(console: &Console, files: &mut Files) {
    files.write_stderr();
    if *console == Console::Stdio {
        files.read_stdin();
        files.write_stdout();
    }
}

fn run_machine(
    config: MachineConfig,
    mut files: Files,
    deadline: &Deadline,
    stats: Option<StatsOutput>,
) -> Result<u8, CliError> {
    note_streams(&config.console, &mut files);
    let mut parts = Parts::open(config, files)?;
    let console = parts.config().console.clone();
    let on_stdio = console == Console::Stdio;
    // A kernel that is standard input is not what somebody types.
    let has_input = on_stdio && !parts.files().stdin_is_named();
    let mut output = HostOutput::open(&console, parts.files())?;
    let mut stats = stats
        .map(|stats| StatsSink::open(stats, parts.files()))
        .transpose()?;
    let console = output.console();
    if on_stdio {
        terminal::measure(&console.screen);
    }
    let mut machine = Machine::assemble(parts, console.clone())?;
    output.begin()?;
    stats.as_mut().map_or(Ok(()), StatsSink::begin)?;
    let engine = machine.engine();
    lines::err(format_args!("trine: {engine}"));

    let last_resort = LastResort::new()?;
    let stopper = Stopper::new(machine.handle(), last_resort.clone());
    deadline.stops(&stopper);
    signals::watch(&stopper, console.screen.clone())?;
    let terminal = RawTerminal::enter(on_stdio)?;
    let _panic = last_resort.on_panic();
    if terminal.is_active() {
        lines::err("trine: Ctrl-A x quits, Ctrl-A h shows the keys");
    }
    if has_input {
        input::start(&console.input, &stopper, terminal.is_active())?;
    }
    let ending = last_resort.clone();
    machine.on_end(move |status| ending.ending(exit::code(status, None)));
    let result = machine.run();
    last_resort.relax();
    let printed = output.finish(|| stopper.reason().is_some());
    drop(terminal);
    last_resort.ending(exit::ERROR);
    if let Err(lost) = &printed {
        lines::err(format_args!("trine: {lost}"));
    }
    let status = result?;
    stopper.report();
    if let Some(stats) = stats {
        stats.write(&engine, machine.stats())?;
    }
    Ok(exit::with_output(
        exit::code(status, stopper.reason()),
        printed.is_ok(),
    ))
}
