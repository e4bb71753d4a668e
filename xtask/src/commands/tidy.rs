//! `cargo xtask tidy`: the project's own rules.

use anyhow::{Result, bail};
use clap::Args;

use crate::tidy;

/// Checks the project's own rules
#[derive(Debug, Default, Args)]
pub struct Tidy {}

impl Tidy {
    /// Runs the command.
    ///
    /// # Errors
    /// If a rule is broken; the violations have been printed then.
    pub fn run(&self) -> Result<()> {
        let violations = tidy::check()?;
        for violation in &violations {
            eprintln!("{violation}");
        }
        match violations.len() {
            0 => Ok(()),
            n => bail!("{n} violations of the project's rules"),
        }
    }
}
