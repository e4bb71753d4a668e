//! `baseline`: does a fixed piece of work, for a measuring program around it.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context as _, Result, bail};
use rustix::time::{ClockId, clock_gettime};
use vm_bench::{
    code::GuestCode,
    workloads::{WORKLOADS, counted_work},
};

const USAGE: &str = "usage: baseline --list | CODE WORKLOAD RUNS
CODE is a directory with the files `kernel` and `busybox`. Each run prints a line:
nanoseconds of CPU time, and a number that is the same each time.";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--list"] => {
            for workload in &WORKLOADS {
                println!("{}\t{}", workload.name, workload.what);
            }
            Ok(())
        }
        [code, name, runs] => {
            let runs = runs.parse().context("RUNS is not a number")?;
            measure(&PathBuf::from(code), name, runs)
        }
        _ => bail!("{USAGE}"),
    }
}

fn measure(code: &std::path::Path, name: &str, runs: usize) -> Result<()> {
    let workload = WORKLOADS.iter().find(|workload| workload.name == name);
    let workload = workload.with_context(|| format!("there is no workload `{name}`"))?;
    let mut work = (workload.make)(&GuestCode::load(code)?)?;
    for _ in 0..runs {
        work.prepare()?;
        let before = cpu_ns();
        let check = counted_work(work.as_mut())?;
        println!("{} {check}", cpu_ns() - before);
    }
    Ok(())
}

/// CPU time of this thread, in nanoseconds.
fn cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
