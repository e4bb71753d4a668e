//! The differential fuzzer: random instruction sequences on Trine and on Spike.
//!
//! A program is the harness (`guests/riscv64/fuzz/harness.S`) with a few hundred
//! records: a sequence and the state it starts in. Both sides run the same file
//! and leave a signature for each record. Why Spike: see `docs/adr/0005-spike.md`.
//!
//! [`tiers`] compares the interpreter with the JIT instead.

mod abi;
mod budget;
mod compare;
mod coverage;
mod csr;
mod environment;
mod generate;
pub mod golden;
mod image;
mod operands;
mod oracle;
mod report;
mod rng;
mod sequence;
mod shrink;
mod special;
pub mod tiers;
mod trine;
mod values;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use anyhow::{Result, anyhow, bail, ensure};

use abi::RETIRED;
pub use budget::Budget;
use coverage::Coverage;
use generate::Generator;
use image::Harness;
use oracle::{Oracle, Signature};
use sequence::Sequence;

/// What to fuzz.
pub struct Options {
    /// When to stop.
    pub budget: Budget,
    /// Which random numbers.
    pub seed: u64,
    /// The extensions, or all.
    pub extensions: Option<Vec<String>>,
    /// The first sequence of the seed.
    pub first: u64,
    /// Sequences in a program.
    pub batch: u64,
    /// Spike.
    pub spike: PathBuf,
}

/// Runs until enough was compared or a difference was found.
///
/// # Errors
/// On a difference, if an instruction was never executed in many, or if a side fails.
pub fn run(options: &Options) -> Result<()> {
    let fuzzer = Fuzzer::new(options)?;
    let begin = Instant::now();
    let (mut next, mut instructions, mut traps) = (options.first, 0, 0);
    while !options.budget.is_spent(begin, instructions) {
        let sequences: Vec<Sequence> = (next..next + options.batch)
            .map(|index| fuzzer.generator.sequence(options.seed, index))
            .collect();
        let (trine, spike) = fuzzer.both(&sequences)?;
        if let Some(index) = compare::first(&trine, &spike) {
            return fuzzer.fail(options.seed, next, &sequences[..=index]);
        }
        instructions += spike.iter().map(retired).sum::<u64>();
        traps += spike.iter().map(|s| s[abi::TRAPS]).sum::<u64>();
        next += options.batch;
        let sequences = next - options.first;
        println!("{instructions:>10} instructions, {traps} traps, {sequences} sequences");
    }
    fuzzer.conclude(instructions)
}

struct Fuzzer {
    harness: Harness,
    generator: Generator,
    oracle: Oracle,
    coverage: Arc<Mutex<Coverage>>,
}

impl Fuzzer {
    fn new(options: &Options) -> Result<Self> {
        let generator = Generator::new(options.extensions.as_deref())
            .map_err(|name| anyhow!("there is no extension `{name}`"))?;
        Ok(Self {
            harness: Harness::new()?,
            generator,
            oracle: Oracle::new(options.spike.clone())?,
            coverage: Arc::default(),
        })
    }

    /// The signatures of Trine and Spike.
    fn both(&self, sequences: &[Sequence]) -> Result<(Vec<Signature>, Vec<Signature>)> {
        let file = program(&self.harness, sequences)?;
        let spike = self.oracle.run(&file)?;
        Ok((trine::run(&file, &self.coverage)?, spike))
    }

    fn differ(&self, sequences: &[Sequence]) -> Result<bool> {
        let (trine, spike) = self.both(sequences)?;
        Ok(compare::first(&trine, &spike).is_some())
    }

    /// Reports that the last of some sequences differs, the first of which has
    /// the number `first`.
    fn fail(&self, seed: u64, first: u64, sequences: &[Sequence]) -> Result<()> {
        let index = first + sequences.len() as u64 - 1;
        println!("sequence {index} of seed {seed} differs; making it smaller");
        let small = shrink::shrink(sequences, |fewer| self.differ(fewer))?;
        let file = program(&self.harness, &small)?;
        let (trine, spike) = self.both(&small)?;
        let report = report::Report {
            seed,
            index,
            sequences: &small,
            trine: &trine,
            spike: &spike,
        };
        let directory = report.save(&file)?;
        println!("{}", report.text());
        bail!(
            "Trine and Spike differ; see {}; again: cargo xtask fuzz --seed {seed} --first {first}",
            directory.display()
        );
    }

    /// Tells of all instructions how often they were executed.
    fn conclude(&self, instructions: u64) -> Result<()> {
        /// So many suffice for each instruction.
        const ENOUGH: u64 = 500_000;
        let coverage = self.coverage.lock().unwrap_or_else(PoisonError::into_inner);
        println!("\n{}", coverage.table(self.generator.rows()));
        let missing = coverage.missing(self.generator.rows());
        if !missing.is_empty() {
            let missing = format!("never executed: {}", missing.join(", "));
            ensure!(instructions < ENOUGH, missing);
            println!("{missing}");
        }
        println!("no difference");
        Ok(())
    }
}

/// The instructions of a sequence that were retired. (The harness subtracts its
/// own, which of a sequence that is left at once may be more.)
fn retired(signature: &Signature) -> u64 {
    u64::try_from(signature[RETIRED] as i64).unwrap_or(0)
}

/// The program of some sequences.
fn program(harness: &Harness, sequences: &[Sequence]) -> Result<Vec<u8>> {
    let record = |sequence: &Sequence| {
        let state = &sequence.environment.state;
        state.record(&sequence.code(), translation(harness, state.satp))
    };
    let records: Vec<Vec<u8>> = sequences.iter().map(record).collect();
    harness.program(&records)
}

/// `satp` with the root table of its mode.
fn translation(harness: &Harness, satp: u64) -> u64 {
    const SV39: u64 = 8;
    match (satp >> 60).checked_sub(SV39) {
        Some(mode) => satp | harness.roots[mode as usize] >> 12,
        None => satp,
    }
}
