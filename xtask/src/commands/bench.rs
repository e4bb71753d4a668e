//! `cargo xtask bench`.

use std::{path::PathBuf, time::Duration};

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::bench;

/// Measures programs in a riscv64 guest, or the guest's start, on Trine, QEMU and
/// the host
#[derive(Debug, Args)]
pub struct Bench {
    /// Compare with another emulator
    #[arg(long)]
    peer: Option<Peer>,
    /// Compare with the same programs on the host itself
    #[arg(long)]
    native: bool,
    /// Measure the guest's start instead of programs
    #[arg(long, conflicts_with_all = ["only", "native", "scale"])]
    boot: bool,
    /// Only these programs or classes, such as `fib,float`
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    only: Vec<String>,
    /// How often each thing is measured [default: 3; 10 with --boot]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    repeat: Option<u32>,
    /// Measure each program for this many half seconds
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = factor)]
    scale: f64,
    /// Write every sample, versions and ratios to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Seconds that one program, or a guest's start, may take
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    timeout: u64,
    /// MiB of the guest's memory
    #[arg(long, value_name = "MIB", default_value_t = 1024)]
    memory: u32,
    /// This `trine` instead of the repository's own
    #[arg(long, value_name = "PROGRAM")]
    trine: Option<PathBuf>,
    /// One more option for `trine run`; may be repeated
    #[arg(
        long = "trine-option",
        value_name = "OPTION",
        allow_hyphen_values = true
    )]
    trine_options: Vec<String>,
    /// Measure the others only
    #[arg(long)]
    without_trine: bool,
    /// Only compile the programs, for every architecture
    #[arg(long)]
    build: bool,
    /// Only show the programs' names and classes
    #[arg(long)]
    list: bool,
}

/// Another emulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Peer {
    /// QEMU's TCG, from Debian 13 or $QEMU
    Qemu,
}

impl Bench {
    /// Runs the command.
    ///
    /// # Errors
    /// If something cannot be measured, or results differ between machines.
    pub fn run(self) -> Result<()> {
        if self.list {
            print!("{}", bench::list());
            return Ok(());
        }
        if self.build {
            return bench::build_all();
        }
        let boot = self.boot;
        let options = bench::Options {
            qemu: self.peer == Some(Peer::Qemu),
            without_trine: self.without_trine,
            native: self.native,
            only: self.only,
            repeat: self.repeat.unwrap_or(if boot { 10 } else { 3 }),
            scale: self.scale,
            timeout: Duration::from_secs(self.timeout),
            json: self.json,
            trine: self.trine,
            trine_options: self.trine_options,
            memory: self.memory,
        };
        if boot {
            bench::boots(&options)
        } else {
            bench::programs(&options)
        }
    }
}

fn factor(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(factor) if factor > 0.0 && factor.is_finite() => Ok(factor),
        _ => Err("it is not a positive number, such as 0.5".to_owned()),
    }
}
