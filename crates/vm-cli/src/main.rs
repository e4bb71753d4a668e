//! The `trine` program: options, terminal, signals, progress, exit codes.
//!
//! Whatever can be done without a command line is done in the crates below, which know
//! nothing of this one.

mod args;
mod default_guest;
mod error;
mod exit;
mod fallback;
mod image;
mod lines;
mod os;
mod progress;
mod run;
mod stdio;

use std::{io::IsTerminal as _, process::ExitCode};

use clap::Parser;

use args::{Cli, Command};
use error::CliError;

fn main() -> ExitCode {
    lines::report_panics();
    os::make_limits_errors();
    args::names::use_options();
    start_log();
    let code = dispatch(Cli::parse()).unwrap_or_else(|error| {
        lines::err(format_args!("trine: {error}"));
        exit::ERROR
    });
    lines::finish();
    ExitCode::from(code)
}

fn dispatch(cli: Cli) -> Result<u8, CliError> {
    match cli.command {
        Command::Run(args) => run::run(*args),
        Command::Image(args) => image::run(args).map(|()| exit::SUCCESS),
    }
}

/// Warnings of the machine go to stderr; `TRINE_LOG` asks for more or less.
fn start_log() {
    let filter = tracing_subscriber::EnvFilter::builder()
        .with_env_var("TRINE_LOG")
        .with_default_directive(tracing_subscriber::filter::LevelFilter::WARN.into())
        .from_env_lossy();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(lines::Log)
        .with_ansi(std::io::stderr().is_terminal())
        .without_time()
        // It would report them on stderr, and panic if that is closed.
        .log_internal_errors(false)
        .init();
}
