//! `cargo xtask litmus`.

use std::time::Duration;

use anyhow::Result;
use clap::Args;

use crate::litmus;

/// Runs litmus tests of the memory model, of two to four vCPUs, on the interpreter
/// and the JIT, and says which outcomes there were
#[derive(Debug, Args)]
pub struct Litmus {
    /// How long all of them take
    #[arg(long, value_name = "N", default_value_t = 5.0)]
    minutes: f64,
    /// Only tests whose name contains this
    #[arg(long, value_name = "PART")]
    only: Option<String>,
}

impl Litmus {
    /// Runs it.
    ///
    /// # Errors
    /// If an outcome was forbidden.
    pub fn run(self) -> Result<()> {
        let time = Duration::try_from_secs_f64(60.0 * self.minutes)?;
        let options = litmus::Options {
            only: self.only,
            ..litmus::Options::lasting(time)
        };
        litmus::run(&options).map(drop)
    }
}
