//! `cargo xtask test-hosts`: the JIT of hosts that are not this one.

use anyhow::Result;
use clap::Args;

use crate::{process, tools::emulated::Emulated};

/// Runs tests of code generation and of the engine's JIT on AArch64, as programs that QEMU
/// emulates; the first time it fetches a compiler and QEMU from Debian
#[derive(Debug, Default, Args)]
pub struct TestHosts {}

/// What is tested, run by run: what depends on the host's architecture of the crates that know
/// it, then golden and random blocks on every tier, and both guests with all blocks compiled.
const RUNS: [&[&str]; 3] = [
    &["--package=vm-cross-arch", "--lib", "host::"],
    &[
        "--package=vm-engine",
        "--lib",
        "--",
        "jit::",
        "os::",
        "tiered::",
    ],
    &["--package=vm-engine", "--test=golden", "--test=engine_jit"],
];

impl TestHosts {
    /// Runs the command.
    ///
    /// # Errors
    /// If the tools cannot be had, or a test fails.
    pub fn run(&self) -> Result<()> {
        let emulated = Emulated::aarch64()?;
        for run in RUNS {
            process::run(emulated.test()?.args(run))?;
        }
        Ok(())
    }
}
