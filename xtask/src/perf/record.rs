//! Measuring commits and remembering what came out.

use std::path::Path;

use anyhow::Result;

use super::{
    build,
    callgrind::Callgrind,
    db::{Database, Metric},
    fingerprint::Fingerprint,
    git::{self, Commit},
    measure::{self, Program},
};
use crate::bench::{report::Table, stats::median};

/// Processes in which each workload is timed.
const SAMPLES: usize = 10;

/// Measures the commits that `revisions` name.
///
/// # Errors
/// If one cannot be built or measured, or the database cannot be written.
pub fn run(revisions: &[String], database: &Path) -> Result<()> {
    let mut database = Database::open(database)?;
    let code = measure::guest_code()?;
    let machine = Fingerprint::here(&code)?;
    if git::is_modified()? {
        println!("the work tree has changes that no commit holds: they are not measured");
    }
    for revision in revisions {
        let commit = Commit::resolve(revision)?;
        let program = Program::new(build::program(&commit)?, &code)?;
        let counts = counts(&mut database, &machine, &commit, &program)?;
        let mut times: Vec<_> = counts
            .iter()
            .map(|(name, _)| (name.clone(), Vec::new()))
            .collect();
        for _ in 0..SAMPLES {
            for (name, samples) in &mut times {
                samples.push(program.time(name)?);
            }
        }
        database.add(&commit, &machine, Metric::Time, &times)?;
        println!("{} {}", commit.short(), commit.subject);
        print!("{}", table(&counts, &times));
    }
    Ok(())
}

fn table(counts: &[(String, u64)], times: &[(String, Vec<f64>)]) -> String {
    let mut table = Table::new(&["workload", "", "instructions, millions", "time, ms"]);
    for ((name, count), (_, samples)) in counts.iter().zip(times) {
        let ms = median(samples).unwrap_or_default() / 1e6;
        let millions = *count as f64 / 1e6;
        let cells = [String::new(), format!("{millions:.2}"), format!("{ms:.3}")];
        table.row([name.clone()].into_iter().chain(cells));
    }
    table.render()
}

/// The instructions of every workload of a commit: those that the database has for
/// this machine, else they are counted and remembered.
///
/// # Errors
/// If they cannot be counted.
pub fn counts(
    database: &mut Database,
    machine: &Fingerprint,
    commit: &Commit,
    program: &Program,
) -> Result<Vec<(String, u64)>> {
    let mut counts = Vec::new();
    for name in &program.workloads {
        if let Some(known) = database.instructions(commit, machine, name)? {
            counts.push((name.clone(), known as u64));
        }
    }
    if counts.len() == program.workloads.len() {
        return Ok(counts);
    }
    let callgrind = Callgrind::find()?;
    println!(
        "counting instructions of {} with {}",
        commit.short(),
        callgrind.version
    );
    counts.clear();
    for name in &program.workloads {
        let count = callgrind.count(&program.path, &program.code, name)?;
        counts.push((name.clone(), count));
    }
    let values = counts
        .iter()
        .map(|(name, count)| (name.clone(), vec![*count as f64]));
    database.add(
        commit,
        machine,
        Metric::Instructions,
        &values.collect::<Vec<_>>(),
    )?;
    Ok(counts)
}
