//! A minute of each kind of fuzzing: one seed that is always the same, and one that
//! nobody has chosen, each on a processor of its own.

use std::{
    fs::{self, File},
    hash::{BuildHasher as _, RandomState},
    path::PathBuf,
    process::{Child, Command},
};

use anyhow::{Context as _, Result, bail};

use crate::{process, workspace};

const SECONDS: &str = "60";
const SEED: u64 = 1;
/// Lines of a run's output that are shown when it fails.
const LAST_LINES: usize = 40;

/// Random instructions on Trine and on Spike.
pub(super) fn spike() -> Result<()> {
    // Both runs need it, and one of them would have to download it.
    crate::tools::spike::program()?;
    both(&[])
}

/// Random programs on the interpreter and on the JIT.
pub(super) fn tiers() -> Result<()> {
    both(&["--tiers"])
}

/// Both runs at once; both come to their end, whatever becomes of the other.
fn both(kind: &[&str]) -> Result<()> {
    let runs = [SEED, random_seed()].map(|seed| Run::new(kind, seed).start());
    let ended = runs.map(|run| run?.finish());
    ended.into_iter().collect()
}

/// A seed of few digits, so that it can be typed.
fn random_seed() -> u64 {
    RandomState::new().hash_one(()) % 1_000_000_000
}

/// What is to be run.
struct Run {
    arguments: Vec<String>,
    /// A file for what it prints.
    log: PathBuf,
}

/// A run in a process of its own.
struct Running {
    child: Child,
    line: String,
    log: PathBuf,
}

impl Run {
    fn new(kind: &[&str], seed: u64) -> Self {
        let mut arguments = vec!["fuzz".to_owned()];
        arguments.extend(kind.iter().map(|&word| word.to_owned()));
        let seed = seed.to_string();
        arguments.extend(["--seconds", SECONDS, "--seed", &seed].map(str::to_owned));
        let name = arguments.join("").replace("--", "-") + ".log";
        Self {
            arguments,
            log: workspace::target().join("ci").join(name),
        }
    }

    fn start(self) -> Result<Running> {
        let program = std::env::current_exe().context("this program does not find itself")?;
        let line = format!("cargo xtask {}", self.arguments.join(" "));
        println!("ci: {line}");
        self.start_as(process::command(program), line)
    }

    fn start_as(self, mut command: Command, line: String) -> Result<Running> {
        if let Some(directory) = self.log.parent() {
            fs::create_dir_all(directory)?;
        }
        let file = File::create(&self.log)?;
        command.args(&self.arguments);
        command.stdout(file.try_clone()?).stderr(file);
        let child = command
            .spawn()
            .with_context(|| format!("cannot run `{line}`"))?;
        Ok(Running {
            child,
            line,
            log: self.log,
        })
    }
}

impl Running {
    /// Waits for the end; the last lines are shown if it has failed.
    fn finish(mut self) -> Result<()> {
        let status = self.child.wait()?;
        if status.success() {
            return Ok(());
        }
        let text = fs::read_to_string(&self.log)?;
        let lines: Vec<&str> = text.lines().collect();
        let last = &lines[lines.len().saturating_sub(LAST_LINES)..];
        bail!(
            "`{}` failed ({status}), see {}:\n{}",
            self.line,
            self.log.display(),
            last.join("\n")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(script: &str) -> Result<()> {
        let directory = tempfile::tempdir().unwrap();
        let run = Run {
            log: directory.path().join("ci/log"),
            ..Run::new(&["--tiers"], 7)
        };
        let mut shell = process::command("sh");
        shell.args(["-c", script]);
        run.start_as(shell, "a script".to_owned())?.finish()
    }

    #[test]
    fn a_run_is_quiet_until_it_fails() {
        run("echo much").unwrap();
        let error = run("seq 1000; echo why >&2; exit 3").unwrap_err();
        let error = error.to_string();
        assert!(error.contains("999\n1000\nwhy"), "{error}");
        assert!(
            error.contains("a script") && !error.contains("\n900\n"),
            "{error}"
        );
    }

    #[test]
    fn a_run_can_be_repeated() {
        let run = Run::new(&["--tiers"], 7);
        assert_eq!(
            run.arguments.join(" "),
            "fuzz --tiers --seconds 60 --seed 7"
        );
        let log = "ci/fuzz-tiers-seconds60-seed7.log";
        assert!(run.log.ends_with(log), "{:?}", run.log);
    }
}
