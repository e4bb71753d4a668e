//! `cargo xtask perf`.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::perf;

/// Measures Trine against its promises, its past and the commit before
#[derive(Debug, Args)]
pub struct Perf {
    #[command(subcommand)]
    action: Action,
    /// The file with the measurements [default: target/perf/measurements.db]
    #[arg(long, value_name = "FILE", global = true)]
    db: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Runs the benchmark suites and checks the promises of SPECIFICATION.md
    Suites {
        /// Only these suites, such as `tlb_lookup`
        #[arg(long, value_name = "NAMES", value_delimiter = ',')]
        only: Vec<String>,
        /// Write what was measured into SPECIFICATION.md
        #[arg(long)]
        write: bool,
    },
    /// Measures commits and remembers what came out
    Record {
        /// Which commits
        #[arg(default_value = "HEAD", value_name = "REVISION")]
        revisions: Vec<String>,
    },
    /// Measures two commits in turns; fails if the second one is slower
    Compare {
        /// The commit that is the measure
        a: String,
        /// The commit that is judged
        #[arg(default_value = "HEAD")]
        b: String,
        /// Pairs of measurements for each workload
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(16..))]
        pairs: u16,
        /// How often to compare them anew
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
        tries: u16,
        /// Only these workloads, such as `tlb`
        #[arg(long, value_name = "NAMES", value_delimiter = ',')]
        only: Vec<String>,
    },
    /// Counts instructions against the merge base; fails on more than 3 % that no
    /// commit declares
    Gate {
        /// Another commit to compare with
        #[arg(long, value_name = "REVISION")]
        base: Option<String>,
    },
    /// Draws what is remembered, as one HTML page
    Report {
        /// Where to write it [default: target/perf/report.html]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

impl Perf {
    /// Runs the command.
    ///
    /// # Errors
    /// If something cannot be measured, or is not as it should be.
    pub fn run(self) -> Result<()> {
        let database = self.db.unwrap_or_else(perf::database);
        match self.action {
            Action::Suites { only, write } => perf::suites::run(&only, write, &database),
            Action::Record { revisions } => perf::record::run(&revisions, &database),
            Action::Compare {
                a,
                b,
                pairs,
                tries,
                only,
            } => {
                let options = perf::compare::Options {
                    a,
                    b,
                    pairs: pairs.into(),
                    tries: tries.into(),
                    only,
                };
                perf::compare::run(&options, &database)
            }
            Action::Gate { base } => perf::gate::run(base.as_deref(), &database),
            Action::Report { out } => {
                let out = out.unwrap_or_else(|| perf::directory().join("report.html"));
                perf::report::write(&database, &out)
            }
        }
    }
}
