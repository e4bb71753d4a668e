//! `cargo xtask ci`: what has to pass.

use std::time::Instant;

use anyhow::Result;
use clap::Args;

use crate::{perf, process};

/// Checks everything that has to pass: formatting, lints, documentation, all
/// tests, the real kernel's boot, and instruction counts against the merge base
#[derive(Debug, Args)]
pub struct Ci {
    /// Leave out what needs a package mirror: the boots of the real kernel, and the
    /// instruction counts of its programs
    #[arg(long)]
    no_boot: bool,
}

impl Ci {
    /// Runs the command.
    ///
    /// # Errors
    /// The first step that fails.
    pub fn run(&self) -> Result<()> {
        step("format", &["fmt", "--all", "--check"])?;
        let clippy = [
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ];
        step("lints", &clippy)?;
        document()?;
        if !self.no_boot {
            timed("boot", || super::boot::Boot::default().run())?;
            timed("perf", || perf::gate::run(None, &perf::database()))?;
        }
        step("tests", &["test", "--workspace"])
    }
}

fn step(name: &str, arguments: &[&str]) -> Result<()> {
    timed(name, || process::run(process::cargo().args(arguments)))
}

fn document() -> Result<()> {
    let mut cargo = process::cargo();
    cargo.args(["doc", "--workspace", "--no-deps", "--quiet"]);
    cargo.env("RUSTDOCFLAGS", "-D warnings");
    timed("documentation", || process::run(&mut cargo))
}

fn timed(name: &str, step: impl FnOnce() -> Result<()>) -> Result<()> {
    println!("ci: {name} ...");
    let start = Instant::now();
    step()?;
    println!("ci: {name}: ok, {:.0} s", start.elapsed().as_secs_f64());
    Ok(())
}
