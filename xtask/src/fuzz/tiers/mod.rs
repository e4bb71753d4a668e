//! The tiers against each other: random programs on the interpreter and on the
//! JIT, with interrupts between any two instructions, page faults at any access,
//! and code that changes.
//!
//! Programs have loops, calls and everything else that makes blocks hot. They need
//! not end: both machines run exactly as many instructions, and then have to be in
//! the same state.

mod case;
mod compiled;
mod device;
mod duel;
mod handler;
mod image;
mod instruction;
mod labels;
mod layout;
mod patches;
mod plan;
mod registers;
mod report;
mod setup;
mod shrink;
mod side;
mod stale;
mod state;
mod units;

use std::time::Instant;

use anyhow::{Result, bail};

use vm_cross_arch::guest::riscv64::{Row, extensions};

use compiled::Compiled;
use duel::Done;
use instruction::Instructions;

use super::{Budget, coverage::Coverage};
use crate::asm;

/// What to fuzz.
pub struct Options {
    /// When to stop.
    pub budget: Budget,
    /// Which random numbers.
    pub seed: u64,
    /// The first case of the seed.
    pub first: u64,
}

/// What was compared.
#[derive(Default, Clone, Copy)]
pub struct Compared {
    /// Cases.
    pub cases: u64,
    /// Guest instructions that each machine retired.
    pub instructions: u64,
    /// Interrupts, changes of page tables and the like.
    pub events: u64,
    /// Those of the JIT's machine that ran in generated code.
    pub generated: u64,
    /// Traps.
    pub traps: u64,
    /// Blocks compiled.
    pub blocks: u64,
    /// Links made between compiled blocks.
    pub links: u64,
    /// Cases that differed, but after what `stale` is about.
    pub stale: u64,
}

impl Compared {
    fn add(&mut self, done: &Done) {
        self.cases += 1;
        self.instructions += done.instructions;
        self.events += done.events;
        self.generated += done.generated;
        self.traps += done.traps;
        self.blocks += done.blocks;
        self.links += done.links;
        self.stale += u64::from(done.stale.is_some());
    }
}

/// Runs until enough was compared or a difference was found.
///
/// # Errors
/// On a difference, if an instruction was never compiled in many millions, or
/// if a machine cannot be made.
pub fn run(options: &Options) -> Result<Compared> {
    const REPORT_EVERY: u64 = 1_000;
    let instructions = Instructions::new();
    let compiled = Compiled::default();
    let begin = Instant::now();
    let mut compared = Compared::default();
    while !options.budget.is_spent(begin, compared.instructions) {
        let index = options.first + compared.cases;
        let case = case::random(&instructions, options.seed, index);
        let (done, difference) = duel::run(&case, &compiled)?;
        if let Some(difference) = difference {
            println!("after {} instructions", compared.instructions);
            return fail(options.seed, index, case, difference);
        }
        if let Some(stale) = &done.stale {
            println!(
                "case {index} of seed {} is set aside, it runs what it has just stored, {stale}",
                options.seed
            );
        }
        compared.add(&done);
        if compared.cases.is_multiple_of(REPORT_EVERY) {
            tell(&compared, begin);
        }
    }
    tell(&compared, begin);
    conclude(&compared, &compiled.coverage())?;
    Ok(compared)
}

/// Tells of all instructions how often they were compiled.
fn conclude(compared: &Compared, coverage: &Coverage) -> Result<()> {
    /// So many suffice for each instruction.
    const ENOUGH: u64 = 10_000_000;
    let rows: Vec<&Row> = extensions().iter().flat_map(|e| e.rows).collect();
    println!("\n{}", coverage.table(&rows));
    let missing = coverage.missing(&rows).join(", ");
    if missing.is_empty() {
        return Ok(());
    }
    if compared.instructions >= ENOUGH {
        bail!("never compiled: {missing}");
    }
    println!("never compiled: {missing}");
    Ok(())
}

fn tell(compared: &Compared, begin: Instant) {
    let c = compared;
    println!(
        "{:>11} instructions, {} in generated code, {} traps, {} events, {} cases, {} blocks, \
         {} links, {} set aside, {} s",
        c.instructions,
        c.generated,
        c.traps,
        c.events,
        c.cases,
        c.blocks,
        c.links,
        c.stale,
        begin.elapsed().as_secs()
    );
}

/// Reports a difference.
fn fail(seed: u64, index: u64, case: case::Case, found: duel::Difference) -> Result<Compared> {
    println!("case {index} of seed {seed} differs; making it smaller");
    let (small, found) = shrink::shrink(case, found)?;
    let directory = report::save(seed, index, &small, &found)?;
    bail!(
        "interpreter and JIT differ; see {}; again: cargo xtask fuzz --tiers --seed {seed} \
         --first {index}",
        directory.display()
    );
}
