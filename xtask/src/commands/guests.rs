//! `cargo xtask guests`: the self-checking guest programs.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args;

use crate::guests;

/// Assembles the guest programs that test the engine
#[derive(Debug, Args)]
pub struct Guests {
    /// Only check that the programs in the repository belong to their sources
    #[arg(long)]
    check: bool,
    /// Also run them on this Spike, an independent judge
    #[arg(long, value_name = "SPIKE")]
    judge: Option<PathBuf>,
}

impl Guests {
    /// Runs the command.
    ///
    /// # Errors
    /// If a program does not assemble, is out of date, or fails on Spike.
    pub fn run(&self) -> Result<()> {
        if self.check {
            let stale = guests::stale()?;
            ensure!(
                stale.is_empty(),
                "`cargo xtask guests` has not been run since these changed: {}",
                stale.join(", ")
            );
        } else {
            guests::build()?;
        }
        match &self.judge {
            Some(spike) => guests::judge(spike),
            None => Ok(()),
        }
    }
}
