//! The gate: everything that has to pass, step by step.

mod fuzz;
mod passed;

use std::time::Instant;

use anyhow::Result;

use crate::{
    commands::{Boot, Coverage, Deny, TestHosts, Tidy},
    perf, process,
};

use passed::State;

/// What to check.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Leave out what needs the network.
    pub offline: bool,
    /// Run although this has passed already.
    pub again: bool,
}

/// Runs every step. Of what has passed already, that is told at once.
///
/// # Errors
/// The first step that fails.
pub fn run(options: Options) -> Result<()> {
    let begin = State::now()?;
    if begin.has_passed() && !options.again {
        println!(
            "ci: the tree {} has passed already; `--again` checks it once more",
            begin.tree
        );
        return Ok(());
    }
    passed::forget()?;
    let mut steps = Steps::default();
    check_text(&mut steps)?;
    if options.offline {
        check_here(&mut steps)?;
        println!("ci: ok as far as it goes offline; that is not remembered");
    } else {
        check_all(&mut steps)?;
        remember(&begin)?;
    }
    steps.tell();
    Ok(())
}

/// What can be told without running Trine.
fn check_text(steps: &mut Steps) -> Result<()> {
    steps.run("format", || cargo(&["fmt", "--all", "--check"]))?;
    steps.run("tidy", || Tidy::default().run())?;
    let clippy = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ];
    steps.run("lints", || cargo(&clippy))?;
    steps.run("documentation", document)
}

/// What runs where nothing can be downloaded.
fn check_here(steps: &mut Steps) -> Result<()> {
    tiers(steps)?;
    steps.run("tests", || cargo(&["test", "--workspace"]))
}

/// All of it: the real kernel, other people's tools.
fn check_all(steps: &mut Steps) -> Result<()> {
    steps.run("dependencies", || Deny::default().run())?;
    steps.run("boot", || Boot::default().run())?;
    steps.run("perf", || perf::gate::run(None, &perf::database()))?;
    steps.run("fuzz", fuzz::spike)?;
    tiers(steps)?;
    steps.run("tests on AArch64", || TestHosts::default().run())?;
    steps.run("tests and coverage", || Coverage::default().run())
}

fn tiers(steps: &mut Steps) -> Result<()> {
    if !vm_engine::jit::SUPPORTED {
        return Ok(());
    }
    steps.run("fuzz --tiers", fuzz::tiers)
}

fn cargo(arguments: &[&str]) -> Result<()> {
    process::run(process::cargo().args(arguments))
}

fn document() -> Result<()> {
    let mut cargo = process::cargo();
    cargo.args(["doc", "--workspace", "--no-deps", "--quiet"]);
    cargo.env("RUSTDOCFLAGS", "-D warnings");
    process::run(&mut cargo)
}

/// Remembers what has passed, unless it was changed meanwhile.
fn remember(begin: &State) -> Result<()> {
    let end = State::now()?;
    if end == *begin {
        return end.remember();
    }
    println!("ci: files have changed meanwhile, so it is not remembered what has passed");
    Ok(())
}

/// The steps so far, and how many seconds each took.
#[derive(Debug, Default)]
struct Steps(Vec<(&'static str, f64)>);

impl Steps {
    fn run(&mut self, name: &'static str, step: impl FnOnce() -> Result<()>) -> Result<()> {
        println!("ci: {name} ...");
        let start = Instant::now();
        step()?;
        let seconds = start.elapsed().as_secs_f64();
        println!("ci: {name}: ok, {seconds:.0} s");
        self.0.push((name, seconds));
        Ok(())
    }

    fn tell(&self) {
        let step = |(name, seconds): &(&str, f64)| format!("{name} {seconds:.0}");
        let steps: Vec<String> = self.0.iter().map(step).collect();
        let all: f64 = self.0.iter().map(|(_, seconds)| seconds).sum();
        println!("ci: ok, {all:.0} s: {}", steps.join(", "));
    }
}
