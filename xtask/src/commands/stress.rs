//! `cargo xtask stress`: the real kernel under load, again and again.

use std::{
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use sha2::{Digest as _, Sha256};
use vm_image::Image;

use super::boot;
use crate::process;

/// Processes that compute at the same time.
const WORKERS: u64 = 8;
/// The last number that each of them hashes.
const NUMBERS: u64 = 150_000;
/// Pipelines of three processes, one after the other.
const PIPELINES: u64 = 150;
/// Programs started one after the other.
const FORKS: u64 = 300;

/// What kernels and programs print when something has gone wrong.
const TROUBLE: [&str; 13] = [
    "WARNING:",
    "BUG:",
    "Oops",
    "Call Trace",
    "cut here",
    "detected stall",
    "detected expedited stall",
    "rcu_preempt kthread",
    "lockup",
    "blocked for more than",
    "Kernel panic",
    "Unable to handle",
    "unhandled signal",
];

/// Boots the default guest again and again under load, and compares what it
/// computes with what the host does
#[derive(Debug, Args)]
pub struct Stress {
    /// How many times the guest is booted
    #[arg(long, value_name = "N", default_value_t = 20,
          value_parser = clap::value_parser!(u32).range(1..))]
    boots: u32,
    /// The guest's vCPUs
    #[arg(long, value_name = "N", default_value_t = 4)]
    cpus: u32,
    /// Seconds that one boot and its work may take
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    timeout: u64,
    /// How the guest is executed: auto, interp or jit
    #[arg(long, value_name = "ENGINE", default_value = "auto")]
    engine: String,
    /// One more option for `trine run`; may be repeated
    #[arg(
        long = "trine-option",
        value_name = "OPTION",
        allow_hyphen_values = true
    )]
    trine_options: Vec<String>,
}

impl Stress {
    /// Runs the command.
    ///
    /// # Errors
    /// The first guest that hangs, complains, or computes something else.
    pub fn run(&self) -> Result<()> {
        let trine = boot::build()?;
        let image = boot::pull()?;
        let expected = expected();
        let mut slowest = Duration::ZERO;
        for number in 1..=self.boots {
            let begin = Instant::now();
            let output = self.boot(&trine, &image, number)?;
            check(&output, &expected).with_context(|| format!("boot {number}:\n{output}"))?;
            let time = begin.elapsed();
            slowest = slowest.max(time);
            println!("stress: boot {number}: ok, {:.1} s", time.as_secs_f64());
        }
        println!(
            "stress: {} boots with {} vCPUs, {} checksums each, all as computed on the host; \
             the slowest took {:.1} s",
            self.boots,
            self.cpus,
            expected.len(),
            slowest.as_secs_f64()
        );
        Ok(())
    }

    fn boot(&self, trine: &Path, image: &Image, number: u32) -> Result<String> {
        let mut command = process::command(trine);
        command.args(["run", "--engine", &self.engine]);
        command.args(["--cpus", &self.cpus.to_string()]);
        command.args(["--timeout", &self.timeout.to_string()]);
        command.arg("--kernel").arg(&image.kernel);
        command.arg("--initrd").arg(&image.initrd);
        let script = vm_image::command_argument(&script());
        command
            .arg("--append")
            .arg(format!("{} {script}", image.cmdline));
        command.args(&self.trine_options);
        let output = command
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .context("cannot start trine")?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        match output.status.code() {
            Some(0) => Ok(text),
            Some(124) => bail!(
                "boot {number}: it did not end in {} s:\n{text}",
                self.timeout
            ),
            _ => bail!("boot {number}: trine ended with {}:\n{text}", output.status),
        }
    }
}

/// What the guest does. Short: the kernel's command line holds 1024 bytes.
fn script() -> String {
    format!(
        "for n in $(seq {WORKERS}); do (seq $n {NUMBERS} | sha256sum >/w$n) & done
(for i in $(seq {PIPELINES}); do echo $i | cat | cat; done | sha256sum >/p) &
(i=0; while [ $i -lt {FORKS} ]; do i=$(($(expr $i + 1))); done; echo $i | sha256sum >/f) &
wait
for n in $(seq {WORKERS}); do echo worker $n $(cat /w$n); done
echo pipes $(cat /p); echo forks $(cat /f)"
    )
}

/// The lines that the guest must print, computed here.
fn expected() -> Vec<String> {
    let worker = |n| format!("worker {n} {}", sum(n..=NUMBERS));
    let mut lines: Vec<_> = (1..=WORKERS).map(worker).collect();
    lines.push(format!("pipes {}", sum(1..=PIPELINES)));
    lines.push(format!("forks {}", sum(FORKS..=FORKS)));
    lines
}

/// The SHA-256 of these numbers, each on a line.
fn sum(numbers: impl Iterator<Item = u64>) -> String {
    let mut hash = Sha256::new();
    numbers.for_each(|number| hash.update(format!("{number}\n")));
    hex::encode(hash.finalize())
}

fn check(output: &str, expected: &[String]) -> Result<()> {
    for line in output.lines() {
        let trouble = TROUBLE.iter().any(|trouble| line.contains(trouble));
        ensure!(!trouble, "the guest complains: {line}");
    }
    for wanted in expected {
        ensure!(
            output.contains(wanted),
            "the guest did not print `{wanted}`"
        );
    }
    ensure!(
        output.contains("trine: exit status 0"),
        "the guest's work did not end well"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_fits_the_command_line() {
        assert!(vm_image::command_argument(&script()).len() < 900);
    }

    #[test]
    fn complaints_and_other_results_are_found() {
        let expected = vec![format!("forks {}", sum(7..=7))];
        // printf '7\n' | sha256sum
        assert!(expected[0].starts_with("forks 10159baf262b43a92d95db59dae1f72c"));
        let good = format!(
            "[0.1] rcu: Hierarchical RCU\n{}  -\ntrine: exit status 0\n",
            expected[0]
        );
        check(&good, &expected).unwrap();
        for (bad, cause) in [
            (
                good.clone() + "[9.9] rcu: INFO: rcu_preempt detected stalls on CPUs\n",
                "complains",
            ),
            (good.clone() + "[9.9] WARNING: CPU: 1 PID: 1\n", "complains"),
            (good.replace("forks 1", "forks 2"), "forks"),
            (good.replace("status 0", "status 1"), "end well"),
        ] {
            let error = check(&bad, &expected).unwrap_err().to_string();
            assert!(error.contains(cause), "{error}");
        }
    }
}
