//! `cargo xtask ci`: what has to pass.

use anyhow::Result;
use clap::Args;

use crate::gate;

/// Checks everything that has to pass: formatting, the project's rules, lints,
/// documentation, dependencies, the real kernel's boot, instruction counts against the
/// merge base, a minute of each fuzzer, and all tests with their coverage
///
/// A tree that has passed is not checked again.
#[derive(Debug, Args)]
pub struct Ci {
    /// Leave out what has to be downloaded: the real kernel, Spike, and the tools that
    /// check dependencies and measure coverage
    #[arg(long)]
    offline: bool,
    /// Check a tree that has passed once more
    #[arg(long)]
    again: bool,
}

impl Ci {
    /// Runs the command.
    ///
    /// # Errors
    /// The first step that fails.
    pub fn run(&self) -> Result<()> {
        gate::run(gate::Options {
            offline: self.offline,
            again: self.again,
        })
    }
}
