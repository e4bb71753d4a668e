//! The benchmark suites, and whether they keep the promises.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

use super::{
    db::{self, Database, Metric},
    fingerprint::Fingerprint,
    git::{self, Commit},
    measure,
    promises::{PROMISES, Promise},
    specification,
};
use crate::{bench::report::Table, process, workspace};

/// The suites, in the order they run. `pgo` and `async_batch` have their place here
/// once there is a tier that optimises.
const SUITES: [&str; 4] = [
    "jit_compilation",
    "tlb_lookup",
    "cross_arch_translation",
    "baseline",
];
const PACKAGE: &str = "vm-bench";

/// What suites have measured, by the benchmarks' names.
#[derive(Debug, Default)]
pub struct Results(BTreeMap<String, Measured>);

#[derive(Debug, Clone, Copy)]
struct Measured {
    /// The median of an iteration.
    ns: f64,
    /// What an iteration works on, if it says so.
    elements: Option<f64>,
}

impl Results {
    /// Nanoseconds of a benchmark's iteration.
    pub fn ns(&self, name: &str) -> Option<f64> {
        self.0.get(name).map(|measured| measured.ns)
    }

    /// Nanoseconds per element, of all benchmarks whose names begin so and that count
    /// elements.
    pub fn ns_per_element(&self, prefix: &str) -> Vec<f64> {
        let named = self.0.iter().filter(|(name, _)| name.starts_with(prefix));
        named
            .filter_map(|(_, measured)| Some(measured.ns / measured.elements?))
            .collect()
    }

    /// What the suites have left under `directory` since `start`.
    fn read(directory: &Path, start: std::time::SystemTime) -> Result<Self> {
        let mut results = Self::default();
        for path in estimates(directory)? {
            if path.metadata()?.modified()? >= start {
                let (name, measured) = read_benchmark(&path)?;
                results.0.insert(name, measured);
            }
        }
        Ok(results)
    }
}

/// Files of criterion, as far as they are read.
#[derive(Deserialize)]
struct Estimates {
    median: Estimate,
}

#[derive(Deserialize)]
struct Estimate {
    point_estimate: f64,
}

#[derive(Deserialize)]
struct Benchmark {
    full_id: String,
    throughput: Option<BTreeMap<String, f64>>,
}

fn read_benchmark(estimates: &Path) -> Result<(String, Measured)> {
    let beside = estimates.with_file_name("benchmark.json");
    let read =
        |path: &Path| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let Benchmark {
        full_id,
        throughput,
    } = serde_json::from_slice(&read(&beside)?)?;
    let Estimates { median } = serde_json::from_slice(&read(estimates)?)?;
    let measured = Measured {
        ns: median.point_estimate,
        elements: throughput.and_then(|throughput| throughput.get("Elements").copied()),
    };
    Ok((full_id, measured))
}

/// All files `new/estimates.json` below a directory.
fn estimates(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(directory) else {
        return Ok(found);
    };
    for entry in entries {
        let path = entry?.path();
        if path.ends_with("new") {
            found.extend(Some(path.join("estimates.json")).filter(|path| path.exists()));
        } else if path.is_dir() {
            found.extend(estimates(&path)?);
        }
    }
    Ok(found)
}

/// Runs the suites and prints what became of the promises; on `write`,
/// SPECIFICATION.md tells it, too.
///
/// # Errors
/// If a suite does not run, or a promise is not kept.
pub fn run(only: &[String], write: bool, database: &Path) -> Result<()> {
    for name in only {
        ensure!(
            SUITES.contains(&name.as_str()),
            "there is no suite `{name}`; there are {}",
            SUITES.join(", ")
        );
    }
    let mut database = Database::open(database)?;
    let (start, begin) = (std::time::SystemTime::now(), Instant::now());
    let suites: Vec<&str> = SUITES
        .into_iter()
        .filter(|suite| only.is_empty() || only.iter().any(|name| name == suite))
        .collect();
    for suite in &suites {
        let mut cargo = process::cargo();
        cargo.args(["bench", "--package", PACKAGE, "--bench", suite]);
        process::run(&mut cargo)?;
    }
    let results = Results::read(&workspace::target().join("criterion"), start)?;
    let promises = PROMISES
        .iter()
        .filter(|promise| suites.contains(&promise.suite));
    let promises: Vec<&Promise> = promises.collect();
    let measured = promises.iter().map(|promise| {
        let value = promise.measured(&results);
        value.with_context(|| format!("{} has not measured `{}`", promise.suite, promise.what))
    });
    let measured: Vec<f64> = measured.collect::<Result<_>>()?;
    print!("{}", table(&promises, &measured));
    println!(
        "{} suites, {:.0} s",
        suites.len(),
        begin.elapsed().as_secs_f64()
    );
    remember(&mut database, &promises, &measured)?;
    if write {
        let now = db::now()?;
        let date = now.split('T').next().unwrap_or_default();
        specification::write(&promises, &measured, date)?;
    }
    let missed = promises.iter().zip(&measured);
    let missed: Vec<&str> = missed
        .filter(|(promise, value)| !promise.target.is_met(**value))
        .map(|(promise, _)| promise.what)
        .collect();
    if !missed.is_empty() {
        bail!("not kept: {}", missed.join("; "));
    }
    Ok(())
}

fn table(promises: &[&Promise], measured: &[f64]) -> String {
    let mut table = Table::new(&["promise", "suite", "target", "measured", "", "kept"]);
    for (promise, value) in promises.iter().zip(measured) {
        let kept = if promise.target.is_met(*value) {
            "yes"
        } else {
            "NO"
        };
        table.row([
            promise.what.to_owned(),
            promise.suite.to_owned(),
            promise.target.describe(),
            format!("{value:.1}"),
            promise.unit().to_owned(),
            kept.to_owned(),
        ]);
    }
    table.render()
}

/// Values of a tree that is no commit would be remembered as those of another.
fn remember(database: &mut Database, promises: &[&Promise], measured: &[f64]) -> Result<()> {
    if git::is_modified()? {
        println!("the work tree has changes that no commit holds: the values are not recorded");
        return Ok(());
    }
    let values = promises.iter().zip(measured);
    let values = values.map(|(promise, value)| {
        let name = format!("{} ({})", promise.what, promise.unit());
        (name, vec![*value])
    });
    let values: Vec<_> = values.collect();
    let (head, code) = (Commit::resolve("HEAD")?, measure::guest_code()?);
    let machine = Fingerprint::here(&code)?;
    database.add(&head, &machine, Metric::Promise, &values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_read_and_judged() {
        let directory = tempfile::tempdir().unwrap();
        let new = directory.path().join("group/x/new");
        fs::create_dir_all(&new).unwrap();
        let estimates = r#"{"mean":{},"median":{"point_estimate":2000.0}}"#;
        fs::write(new.join("estimates.json"), estimates).unwrap();
        let benchmark =
            r#"{"full_id":"jit_compilation/all, passes/100","throughput":{"Elements":100}}"#;
        fs::write(new.join("benchmark.json"), benchmark).unwrap();
        let results = Results::read(directory.path(), std::time::UNIX_EPOCH).unwrap();
        let promise = &PROMISES[0];
        let value = promise.measured(&results).unwrap();
        assert_eq!(value, 2.0);
        assert!(promise.target.is_met(value) && !promise.target.is_met(50.0));
        assert_eq!(PROMISES[1].measured(&results), None);
        let late = std::time::SystemTime::now() + std::time::Duration::from_secs(60);
        assert!(Results::read(directory.path(), late).unwrap().0.is_empty());
    }

    #[test]
    fn every_promise_belongs_to_a_suite() {
        assert!(
            PROMISES
                .iter()
                .all(|promise| SUITES.contains(&promise.suite))
        );
    }
}
