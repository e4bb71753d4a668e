//! `cargo xtask fuzz`.

use std::time::Duration;

use anyhow::Result;
use clap::Args;

use crate::{
    fuzz::{self, Budget},
    tools::spike,
};

/// Runs random instruction sequences on Trine and on Spike, or programs on the
/// interpreter and the JIT, and compares registers, memory and traps
#[derive(Debug, Args)]
pub struct Fuzz {
    /// Stop when so many instructions have been compared
    #[arg(long, default_value_t = 1_000_000, conflicts_with = "seconds")]
    instructions: u64,
    /// Stop after so many seconds instead
    #[arg(long)]
    seconds: Option<u64>,
    /// Which random numbers
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only these extensions, such as `i,m,zba`
    #[arg(long, value_delimiter = ',')]
    ext: Option<Vec<String>>,
    /// Start with this sequence or program of the seed
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Sequences in a program
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..=1000))]
    batch: u64,
    /// Compare the interpreter with the JIT, without Spike
    #[arg(long, conflicts_with_all = ["ext", "batch", "write_golden"])]
    tiers: bool,
    /// Instead, renew the programs that the tests replay without Spike
    #[arg(long)]
    write_golden: bool,
}

impl Fuzz {
    /// Runs it.
    pub fn run(self) -> Result<()> {
        if self.tiers {
            return self.run_tiers();
        }
        let options = fuzz::Options {
            budget: self.budget(),
            seed: self.seed,
            extensions: self.ext,
            first: self.first,
            batch: self.batch,
            spike: spike::program()?,
        };
        if self.write_golden {
            fuzz::golden::write(&options)
        } else {
            fuzz::run(&options)
        }
    }

    fn budget(&self) -> Budget {
        let time = |seconds| Budget::Time(Duration::from_secs(seconds));
        self.seconds
            .map_or(Budget::Instructions(self.instructions), time)
    }

    fn run_tiers(self) -> Result<()> {
        fuzz::tiers::run(&fuzz::tiers::Options {
            budget: self.budget(),
            seed: self.seed,
            first: self.first,
        })?;
        println!("no difference");
        Ok(())
    }
}
