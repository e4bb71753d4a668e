//! Counting instructions with Valgrind: exact, and the same each time.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use super::directory;
use crate::{process, tools::debian::Source};

/// Where Valgrind comes from if it is not installed.
const SOURCE: Source = Source::new("trixie", "amd64");
const PACKAGE: &str = "valgrind";
/// Its tool for the host, which is linked statically, and the directory of it.
const LIBRARY: &str = "usr/libexec/valgrind";
const TOOL: &str = "callgrind-amd64-linux";

/// The function in which instructions count.
const COUNTED: &str = "*counted_work*";

/// A Valgrind that is ready to count.
#[derive(Debug)]
pub struct Callgrind {
    /// The program and what it needs in its environment.
    program: PathBuf,
    environment: Vec<(&'static str, PathBuf)>,
    /// What it calls itself.
    pub version: String,
}

impl Callgrind {
    /// The one that is installed, else Debian's under `target/tools`.
    ///
    /// # Errors
    /// If it has to be downloaded and cannot be.
    pub fn find() -> Result<Self> {
        let mut found = match process::find("valgrind") {
            Some(program) => Self {
                program,
                environment: Vec::new(),
                version: String::new(),
            },
            None => Self::download()?,
        };
        let version = process::output(found.command().arg("--version"))?;
        found.version = version.trim().to_owned();
        Ok(found)
    }

    fn download() -> Result<Self> {
        let unpacked = SOURCE
            .unpack(&[PACKAGE])
            .context("instructions are counted with Valgrind; install it")?;
        let program = unpacked.file(&format!("{LIBRARY}/{TOOL}"))?;
        Ok(Self {
            environment: vec![
                ("VALGRIND_LIB", unpacked.file(LIBRARY)?),
                ("VALGRIND_LAUNCHER", program.clone()),
            ],
            program,
            version: String::new(),
        })
    }

    /// Without the user's environment: it is part of a program's memory.
    fn command(&self) -> Command {
        let mut command = process::command(&self.program);
        command.env_clear().envs(self.environment.iter().cloned());
        command.arg("--tool=callgrind");
        command
    }

    /// Instructions that a workload takes, done once.
    ///
    /// # Errors
    /// If the program fails.
    pub fn count(&self, program: &Path, code: &Path, workload: &str) -> Result<u64> {
        let out = directory().join(format!("callgrind.{workload}.{}", std::process::id()));
        let mut command = self.command();
        // Generated code changes: it must be looked at again before it runs.
        command.args(["--smc-check=all", "--collect-atstart=no"]);
        command.arg(format!("--toggle-collect={COUNTED}"));
        command.arg(format!("--callgrind-out-file={}", out.display()));
        command.arg(program).arg(code).args([workload, "1"]);
        process::output(&mut command)
            .with_context(|| format!("cannot count the instructions of {workload}"))?;
        let profile = fs::read_to_string(&out)?;
        fs::remove_file(&out)?;
        total(&profile).with_context(|| format!("{workload} executed no instruction"))
    }
}

/// The sum in a profile (Valgrind manual, "Callgrind Format Specification").
fn total(profile: &str) -> Option<u64> {
    let line = |key| profile.lines().find_map(move |line| line.strip_prefix(key));
    let sum = line("totals: ").or_else(|| line("summary: "))?;
    sum.split_whitespace()
        .next()?
        .parse()
        .ok()
        .filter(|&sum| sum > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_read() {
        assert_eq!(
            total("events: Ir\nfn=(1) f\n1 5\ntotals: 12345\n"),
            Some(12345)
        );
        assert_eq!(total("summary: 7\ntotals: 0\n"), None);
        assert_eq!(total("events: Ir\n"), None);
    }
}
