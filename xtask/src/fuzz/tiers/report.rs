//! What is told about a difference.

use std::{fmt::Write as _, fs, path::PathBuf};

use anyhow::Result;
use vm_cross_arch::guest::riscv64::disassemble;

use super::{
    case::{Case, Part},
    duel::Difference,
    layout::RAM,
};
use crate::fuzz::sequence::{assemble, length};

/// Saves and prints a report; returns the directory.
///
/// # Errors
/// If it cannot be written.
pub fn save(seed: u64, index: u64, case: &Case, found: &Difference) -> Result<PathBuf> {
    let name = format!("tiers-{seed}-{index}");
    let directory = crate::workspace::target().join("fuzz").join(name);
    fs::create_dir_all(&directory)?;
    let text = text(seed, index, case, found);
    fs::write(directory.join("report.txt"), &text)?;
    println!("{text}");
    Ok(directory)
}

/// The report.
fn text(seed: u64, index: u64, case: &Case, found: &Difference) -> String {
    let mut text = format!("seed {seed} case {index}\n\n{:x?}\n\n", case.setup);
    for part in &case.parts {
        text.push_str(&listing(part));
    }
    for (number, run) in case.plan.runs.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "run {number}: {run:x?}");
    }
    let Difference { run, events, .. } = found;
    let _ = writeln!(text, "\nthey differ in run {run}, after {events} events");
    let [interpreter, jit] = &found.states;
    text.push_str(&interpreter.differences(jit));
    text
}

/// A part's code, at its physical addresses.
fn listing(part: &Part) -> String {
    let mut text = String::new();
    let mut pc = RAM + part.offset as u64;
    for bits in assemble(&part.units, part.offset as usize) {
        let width = 2 * length(bits);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{pc:x}: {bits:0width$x}  {}", disassemble(bits, pc));
        pc += length(bits) as u64;
    }
    text.push('\n');
    text
}
