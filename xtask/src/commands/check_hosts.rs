//! `cargo xtask check-hosts`: what ships compiles for every host.

use anyhow::Result;
use clap::Args;

use crate::{process, tools::cross::Cross};

/// Hosts that nobody tests on.
const TARGETS: [&str; 5] = [
    "aarch64-apple-darwin",
    "x86_64-apple-darwin",
    "x86_64-pc-windows-gnu",
    "aarch64-unknown-linux-gnu",
    "riscv64gc-unknown-linux-gnu",
];

/// Checks that what ships compiles, without a warning, for macOS, Windows, and Linux on
/// other architectures; the first time it fetches a compiler from Debian
#[derive(Debug, Args)]
pub struct CheckHosts {
    /// Check for this target alone; may be repeated
    #[arg(long = "target", value_name = "TARGET")]
    targets: Vec<String>,
}

impl CheckHosts {
    /// Runs the command.
    ///
    /// # Errors
    /// If the compiler cannot be had, or something does not compile.
    pub fn run(&self) -> Result<()> {
        let mut targets: Vec<&str> = self.targets.iter().map(String::as_str).collect();
        if targets.is_empty() {
            targets.extend(TARGETS);
        }
        let mut cargo = Cross::get()?.check(&targets)?;
        // The program, and every crate that it is made of.
        cargo.args(["--package", "vm-cli"]);
        process::run(&mut cargo)
    }
}
