//! `cargo xtask test-hosts`: the JIT of hosts that are not this one.

use anyhow::Result;
use clap::Args;

use crate::{process, tools::emulated::Emulated};

/// Runs tests of code generation and of the engine's JIT on AArch64, as programs that QEMU
/// emulates; the first time it fetches a compiler and QEMU from Debian
#[derive(Debug, Default, Args)]
pub struct TestHosts {
    /// Run only tests whose names contain this
    filter: Option<String>,
}

/// What is tested: the crates that know the host's architecture, golden and random blocks on
/// every tier, and both guests with all of their blocks compiled.
const TESTED: [&str; 9] = [
    "--package",
    "vm-cross-arch",
    "--package",
    "vm-engine",
    "--lib",
    "--test",
    "golden",
    "--test",
    "engine_jit",
];

impl TestHosts {
    /// Runs the command.
    ///
    /// # Errors
    /// If the tools cannot be had, or a test fails.
    pub fn run(&self) -> Result<()> {
        let mut cargo = Emulated::aarch64()?.test()?;
        cargo.args(TESTED);
        cargo.args(&self.filter);
        process::run(&mut cargo)
    }
}
