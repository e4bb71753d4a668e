//! A minute of each kind of fuzzing: one seed that is always the same, and one that
//! nobody has chosen, each on a processor of its own.

use std::{
    fs::{self, File},
    hash::{BuildHasher as _, RandomState},
    path::PathBuf,
    process::Command,
    thread,
};

use anyhow::{Context as _, Result, anyhow, bail};

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

fn both(kind: &[&str]) -> Result<()> {
    let runs = [SEED, random_seed()].map(|seed| Run::new(kind, seed));
    thread::scope(|scope| {
        let threads = runs.map(|run| scope.spawn(move || run.run()));
        let ended = threads.map(|thread| thread.join());
        ended
            .into_iter()
            .try_for_each(|ended| ended.map_err(|_| anyhow!("a thread has panicked"))?)
    })
}

/// A seed of few digits, so that it can be typed.
fn random_seed() -> u64 {
    RandomState::new().hash_one(()) % 1_000_000_000
}

/// A run in a process of its own, with a file for what it prints.
struct Run {
    arguments: Vec<String>,
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

    fn run(&self) -> Result<()> {
        let line = format!("cargo xtask {}", self.arguments.join(" "));
        println!("ci: {line}");
        let program = std::env::current_exe().context("this program does not find itself")?;
        self.record(process::command(program).args(&self.arguments))
            .with_context(|| format!("`{line}` failed"))
    }

    /// Runs a command; its last lines are shown if it fails.
    fn record(&self, command: &mut Command) -> Result<()> {
        if let Some(directory) = self.log.parent() {
            fs::create_dir_all(directory)?;
        }
        let log = File::create(&self.log)?;
        let status = command.stdout(log.try_clone()?).stderr(log).status()?;
        if status.success() {
            return Ok(());
        }
        let text = fs::read_to_string(&self.log)?;
        let lines: Vec<&str> = text.lines().collect();
        let last = &lines[lines.len().saturating_sub(LAST_LINES)..];
        bail!("{status}, see {}:\n{}", self.log.display(), last.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(script: &str) -> Result<()> {
        let directory = tempfile::tempdir().unwrap();
        let run = Run {
            log: directory.path().join("ci/log"),
            ..Run::new(&["--tiers"], 7)
        };
        run.record(process::command("sh").args(["-c", script]))
    }

    #[test]
    fn a_run_is_quiet_until_it_fails() {
        record("echo much").unwrap();
        let error = record("seq 1000; echo why >&2; exit 3")
            .unwrap_err()
            .to_string();
        assert!(error.contains("999\n1000\nwhy"), "{error}");
        assert!(!error.contains("\n900\n"), "{error}");
    }

    #[test]
    fn a_run_can_be_repeated() {
        let run = Run::new(&["--tiers"], 7);
        assert_eq!(
            run.arguments.join(" "),
            "fuzz --tiers --seconds 60 --seed 7"
        );
        assert!(
            run.log.ends_with("ci/fuzz-tiers-seconds60-seed7.log"),
            "{:?}",
            run.log
        );
    }
}
