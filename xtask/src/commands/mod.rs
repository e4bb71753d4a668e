//! The commands.

mod bench;
mod boot;
mod check_hosts;
mod ci;
mod conformance;
mod coverage;
mod deny;
mod fuzz;
mod guests;
mod litmus;
mod loom;
mod perf;
mod sanitize;
mod stress;
mod test_hosts;
mod tidy;

pub use boot::Boot;
pub use coverage::Coverage;
pub use deny::Deny;
pub use test_hosts::TestHosts;
pub use tidy::Tidy;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// The project's own commands
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Bench(bench::Bench),
    Boot(boot::Boot),
    CheckHosts(check_hosts::CheckHosts),
    Ci(ci::Ci),
    Conformance(conformance::Conformance),
    Coverage(coverage::Coverage),
    Deny(deny::Deny),
    Fuzz(fuzz::Fuzz),
    Guests(guests::Guests),
    Litmus(litmus::Litmus),
    Loom(loom::Loom),
    Sanitize(sanitize::Sanitize),
    Stress(stress::Stress),
    TestHosts(test_hosts::TestHosts),
    Perf(perf::Perf),
    Tidy(tidy::Tidy),
}

impl Cli {
    /// Runs the command.
    ///
    /// # Errors
    /// Whatever it fails with.
    pub fn run(self) -> Result<()> {
        match self.command {
            Command::Bench(command) => command.run(),
            Command::Boot(command) => command.run(),
            Command::CheckHosts(command) => command.run(),
            Command::Ci(command) => command.run(),
            Command::Conformance(command) => command.run(),
            Command::Coverage(command) => command.run(),
            Command::Deny(command) => command.run(),
            Command::Fuzz(command) => command.run(),
            Command::Guests(command) => command.run(),
            Command::Litmus(command) => command.run(),
            Command::Loom(command) => command.run(),
            Command::Sanitize(command) => command.run(),
            Command::Stress(command) => command.run(),
            Command::TestHosts(command) => command.run(),
            Command::Perf(command) => command.run(),
            Command::Tidy(command) => command.run(),
        }
    }
}
