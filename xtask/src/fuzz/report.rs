//! What is told about a difference.

use std::{fs, path::PathBuf};

use anyhow::Result;

use super::{
    abi::{HARNESS, RECORD_WORDS},
    compare,
    oracle::Signature,
    sequence::Sequence,
};

/// Where a program's first record starts.
const RECORDS: u64 = HARNESS.0 + 0x10_0008;

/// A difference.
pub struct Report<'a> {
    /// The seed of the run.
    pub seed: u64,
    /// The sequence's number.
    pub index: u64,
    /// What is left: the sequence, after others that it does not differ without.
    pub sequences: &'a [Sequence],
    /// What Trine made of them.
    pub trine: &'a [Signature],
    /// What Spike made of them.
    pub spike: &'a [Signature],
}

impl Report<'_> {
    /// All of it as text.
    pub fn text(&self) -> String {
        let mut text = format!("seed {} sequence {}\n\n", self.seed, self.index);
        let mut record = RECORDS;
        for (index, sequence) in self.sequences.iter().enumerate() {
            text.push_str(&describe(sequence));
            text.push_str(&sequence.listing(record + 8 * RECORD_WORDS as u64));
            text.push('\n');
            if let (Some(trine), Some(spike)) = (self.trine.get(index), self.spike.get(index)) {
                text.push_str(&compare::describe(trine, spike));
            }
            record += sequence.environment.state.record(&sequence.code(), 0).len() as u64;
        }
        text
    }

    /// Saves text and program; returns the directory.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn save(&self, program: &[u8]) -> Result<PathBuf> {
        let name = format!("{}-{}", self.seed, self.index);
        let directory = crate::workspace::target().join("fuzz").join(name);
        fs::create_dir_all(&directory)?;
        fs::write(directory.join("program.elf"), program)?;
        fs::write(directory.join("report.txt"), self.text())?;
        Ok(directory)
    }
}

/// The state a sequence starts in.
fn describe(sequence: &Sequence) -> String {
    let state = &sequence.environment.state;
    format!(
        "mode {}, mstatus {:x}, satp {:x}, medeleg {:x}, mideleg {:x}, mie {:x}, mip {:x}, \
         menvcfg {:x}, senvcfg {:x}, fcsr {:x}\npmpcfg {:x?}, pmpaddr {:x?}\n\
         page-table entries {:x?}, large {:x}, code {:x}\nx1.. {:x?}\nf0.. {:x?}\n\n",
        sequence.environment.mode,
        state.mstatus,
        state.satp,
        state.medeleg,
        state.mideleg,
        state.mie,
        state.mip,
        state.menvcfg,
        state.senvcfg,
        state.fcsr,
        state.pmpcfg,
        state.pmpaddr,
        state.window_ptes,
        state.large_pte,
        state.code_pte,
        state.x,
        state.f,
    )
}
