//! Running `baseline`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

use super::directory;
use crate::process;

/// Times in one process; the first one warms it up.
const RUNS: usize = 4;

/// A program `baseline`, and the guest code that it works on.
#[derive(Debug)]
pub struct Program {
    /// The program.
    pub path: PathBuf,
    /// The directory of the guest code.
    pub code: PathBuf,
    /// Names of its workloads.
    pub workloads: Vec<String>,
}

impl Program {
    /// Asks the program at `path` what it can do with the guest code in a directory.
    ///
    /// # Errors
    /// If it does not run.
    pub fn new(path: PathBuf, code: &Path) -> Result<Self> {
        let list = process::output(process::command(&path).arg("--list"))?;
        let names = list.lines().filter_map(|line| line.split('\t').next());
        Ok(Self {
            workloads: names.map(str::to_owned).collect(),
            code: code.to_owned(),
            path,
        })
    }

    /// The workloads that another program has, too.
    pub fn common(&self, other: &Self) -> Vec<String> {
        let common = self.workloads.iter();
        common
            .filter(|name| other.workloads.contains(name))
            .cloned()
            .collect()
    }

    /// CPU time that a workload takes in a process of its own, in nanoseconds: the
    /// fastest of a few runs, what disturbs it only ever adds.
    ///
    /// # Errors
    /// If the program fails, or does not do the same each time.
    pub fn time(&self, workload: &str) -> Result<f64> {
        let mut command = process::command(&self.path);
        command.arg(&self.code).arg(workload).arg(RUNS.to_string());
        let output = process::output(command.env_clear())?;
        fastest(&output).with_context(|| format!("{workload} of {}", self.path.display()))
    }
}

fn fastest(output: &str) -> Result<f64> {
    let mut runs = Vec::new();
    for line in output.lines() {
        let Some((ns, check)) = line.split_once(' ') else {
            bail!("`{line}` is no measurement");
        };
        runs.push((ns.parse::<f64>()?, check));
    }
    ensure!(runs.len() > 1, "too few measurements");
    let same = runs.iter().all(|run| run.1 == runs[0].1);
    ensure!(same, "not every run did the same:\n{output}");
    let times = runs.iter().skip(1).map(|run| run.0);
    Ok(times.fold(f64::INFINITY, f64::min))
}

/// The directory with the guest code, as the default guest has it now.
///
/// # Errors
/// If it cannot be had or written.
pub fn guest_code() -> Result<PathBuf> {
    let directory = directory().join("code");
    vm_bench::fetch::unpack(&directory)?;
    Ok(directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fastest_warm_run_counts() {
        assert_eq!(fastest("10 7\n30 7\n20 7\n").unwrap(), 20.0);
        assert!(fastest("10 7\n30 8\n").is_err());
        assert!(fastest("10 7\n").is_err());
        assert!(fastest("panic\n").is_err());
    }
}
