//! Programs with Spike's signatures, kept in the repository so that they can be
//! replayed where there is no Spike.

use std::{
    fs::{self, File},
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result, bail};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};

use super::{
    Fuzzer, Options, abi::SIGNATURE_WORDS, compare, image, oracle::Signature, program, trine,
};
use crate::workspace;

/// How many programs there are; each is the start of the seed of its number.
const PROGRAMS: u64 = 4;
/// Sequences in each.
const SEQUENCES: u64 = 100;

fn directory() -> PathBuf {
    workspace::root().join("guests/riscv64/fuzz/golden")
}

fn files(seed: u64) -> [PathBuf; 2] {
    ["records", "signatures"].map(|what| directory().join(format!("{seed}.{what}.gz")))
}

/// Makes the programs anew and runs them on Spike.
///
/// # Errors
/// If Spike fails or a file cannot be written.
pub fn write(options: &Options) -> Result<()> {
    let fuzzer = Fuzzer::new(options)?;
    fs::create_dir_all(directory())?;
    for seed in 1..=PROGRAMS {
        let sequence = |index| fuzzer.generator.sequence(seed, index);
        let sequences: Vec<_> = (0..SEQUENCES).map(sequence).collect();
        let file = program(&fuzzer.harness, &sequences)?;
        let signatures = fuzzer.oracle.run(&file)?;
        let [records_file, signatures_file] = files(seed);
        compress(&records_file, &image::payload(&file)?)?;
        let words = signatures.into_iter().flatten();
        let bytes: Vec<u8> = words.flat_map(u64::to_le_bytes).collect();
        compress(&signatures_file, &bytes)?;
    }
    Ok(())
}

/// Replays the programs on Trine; returns the number of sequences compared.
///
/// # Errors
/// On a difference, or if a program cannot be read or run.
pub fn replay() -> Result<usize> {
    let harness = image::Harness::new()?;
    let mut sequences = 0;
    for seed in 1..=PROGRAMS {
        let [records, signatures] = files(seed);
        let file = harness.with_payload(&decompress(&records)?)?;
        let spike = words(&decompress(&signatures)?);
        let trine = trine::run(&file, &Arc::default())?;
        if let Some(index) = compare::first(&trine, &spike) {
            let described = match (trine.get(index), spike.get(index)) {
                (Some(trine), Some(spike)) => compare::describe(trine, spike),
                _ => "a signature is missing".to_owned(),
            };
            bail!("sequence {index} of golden program {seed} differs\n{described}");
        }
        sequences += trine.len();
    }
    Ok(sequences)
}

fn words(bytes: &[u8]) -> Vec<Signature> {
    let word = |chunk: &[u8]| chunk.iter().rev().fold(0, |w, &b| w << 8 | u64::from(b));
    let words: Vec<u64> = bytes.chunks(8).map(word).collect();
    words.chunks(SIGNATURE_WORDS).map(<[u64]>::to_vec).collect()
}

fn compress(file: &Path, bytes: &[u8]) -> Result<()> {
    let mut encoder = GzEncoder::new(File::create(file)?, Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()?;
    Ok(())
}

fn decompress(file: &Path) -> Result<Vec<u8>> {
    let open = File::open(file).with_context(|| format!("cannot open {}", file.display()))?;
    let mut bytes = Vec::new();
    GzDecoder::new(open).read_to_end(&mut bytes)?;
    Ok(bytes)
}
