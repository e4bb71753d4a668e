//! `cargo xtask coverage`: line coverage of the workspace's tests.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use crate::{process, tools::debian, workspace};

/// The percentage that SPECIFICATION.md promises.
const AT_LEAST: f64 = 85.0;

/// Files that do not count: other people's, tests, and the project's own tools.
const IGNORED: &str =
    r"(/\.cargo/|/rustc/|third_party/|/tests/|tests\.rs$|/testing|xtask/|/benches/)";

/// Measures the line coverage of the workspace's tests
///
/// rustc's own LLVM tools are a component that not every installation has; the
/// same version comes from the distribution.
#[derive(Debug, Args)]
pub struct Coverage {
    /// Fail below this percentage
    #[arg(long, default_value_t = AT_LEAST)]
    at_least: f64,
    /// Only these packages
    #[arg(short, long)]
    package: Vec<String>,
}

impl Default for Coverage {
    fn default() -> Self {
        Self {
            at_least: AT_LEAST,
            package: Vec::new(),
        }
    }
}

impl Coverage {
    /// Runs the command.
    ///
    /// # Errors
    /// If the tools cannot be had, a test fails, or too few lines are covered.
    pub fn run(&self) -> Result<()> {
        let llvm = debian::package(&format!("llvm-{}", llvm_version()?))?;
        let directory = workspace::target().join("coverage");
        let profiles = directory.join("profiles");
        if profiles.exists() {
            fs::remove_dir_all(&profiles)?;
        }
        fs::create_dir_all(&profiles)?;
        let binaries = self.run_tests(&directory, &profiles)?;
        let merged = directory.join("merged.profdata");
        let mut merge = llvm.program(&tool("llvm-profdata")?)?;
        merge
            // A test that kills a program, or lets it write no files, leaves half a profile.
            .args(["merge", "--sparse", "--failure-mode=all", "-o"])
            .arg(&merged)
            .arg(&profiles);
        process::run(&mut merge)?;
        let mut report = llvm.program(&tool("llvm-cov")?)?;
        report.args(["report", "--ignore-filename-regex", IGNORED]);
        report.arg(format!("--instr-profile={}", merged.display()));
        for binary in binaries {
            report.arg("--object").arg(binary);
        }
        let report = process::output(&mut report)?;
        let table = directory.join("report.txt");
        fs::write(&table, &report)?;
        let percent = total(&report).context("the report has no total")?;
        println!("line coverage: {percent:.2} %, see {}", table.display());
        ensure!(
            percent >= self.at_least,
            "less than {} % of the lines",
            self.at_least
        );
        Ok(())
    }

    /// Builds and runs the tests with counters; returns the test programs.
    fn run_tests(&self, directory: &Path, profiles: &Path) -> Result<Vec<PathBuf>> {
        let wrapper = write_wrapper(directory)?;
        let test = |extra: &[&str]| {
            let mut cargo = process::cargo();
            cargo.env("RUSTC_WORKSPACE_WRAPPER", &wrapper);
            // Nobody edits and measures in turns; what that would need is large.
            cargo.env("CARGO_INCREMENTAL", "0");
            cargo.env("LLVM_PROFILE_FILE", profiles.join("%p-%m.profraw"));
            cargo.arg("test");
            if self.package.is_empty() {
                cargo.arg("--workspace");
            }
            for package in &self.package {
                cargo.args(["--package", package]);
            }
            cargo.args(extra);
            cargo
        };
        let messages = process::output(&mut test(&["--no-run", "--message-format=json"]))?;
        process::run(&mut test(&[]))?;
        Ok(executables(&messages))
    }
}

/// A compiler that counts, for the crates of the workspace only: the others
/// stay as they were built for the ordinary tests.
fn write_wrapper(directory: &Path) -> Result<PathBuf> {
    let wrapper = directory.join("rustc.sh");
    fs::write(&wrapper, "#!/bin/sh\nexec \"$@\" -C instrument-coverage\n")?;
    process::run(process::command("chmod").arg("+x").arg(&wrapper))?;
    Ok(wrapper)
}

/// The paths of the test programs in cargo's messages.
fn executables(messages: &str) -> Vec<PathBuf> {
    let path = |line: &str| {
        let (_, rest) = line.split_once("\"executable\":\"")?;
        Some(PathBuf::from(rest.split_once('"')?.0))
    };
    messages.lines().filter_map(path).collect()
}

/// The percentage of lines in the report's last row: its tenth column.
fn total(report: &str) -> Option<f64> {
    let row = report.lines().find(|line| line.starts_with("TOTAL"))?;
    row.split_whitespace()
        .nth(9)?
        .strip_suffix('%')?
        .parse()
        .ok()
}

/// The major version of rustc's LLVM.
fn llvm_version() -> Result<String> {
    let verbose = process::output(process::command("rustc").arg("-vV"))?;
    let version = verbose
        .lines()
        .find_map(|line| line.strip_prefix("LLVM version: "));
    let major = version.and_then(|version| version.split('.').next());
    Ok(major
        .context("rustc does not tell its LLVM version")?
        .to_owned())
}

fn tool(name: &str) -> Result<String> {
    Ok(format!("usr/lib/llvm-{}/bin/{name}", llvm_version()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_total_and_the_programs() {
        let report = "TOTAL  10 2 80.00% 5 1 80.00%  100 7 93.00% 0 0 -\n";
        assert_eq!(total(report), Some(93.0));
        assert_eq!(total("nothing"), None);
        let messages = "{\"executable\":null}\n{\"a\":1,\"executable\":\"/t/a-1\",\"b\":2}\n";
        assert_eq!(executables(messages), [PathBuf::from("/t/a-1")]);
    }
}
