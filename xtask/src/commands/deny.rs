//! `cargo xtask deny`: the rules for dependencies.

use anyhow::Result;
use clap::Args;

use crate::{process, tools::deny, workspace};

/// What can be checked without a database from the network: `advisories` cannot.
const CHECKS: [&str; 3] = ["bans", "licenses", "sources"];

/// Checks what `deny.toml` allows: licences of dependencies, where they come from, and
/// no crate in two versions but those that are listed
#[derive(Debug, Default, Args)]
pub struct Deny {}

impl Deny {
    /// Runs the command.
    ///
    /// # Errors
    /// If `cargo-deny` cannot be had, or a rule is broken.
    pub fn run(&self) -> Result<()> {
        let mut deny = process::command(deny::program()?);
        deny.current_dir(workspace::root());
        deny.args(["--workspace", "--all-features", "--locked", "check"]);
        process::run(deny.args(CHECKS))
    }
}
