//! The other side: Spike.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use vm_cross_arch::guest::riscv64::isa;

use super::abi::{HARNESS, SIGNATURE_WORDS, WINDOW};
use crate::process;

/// What a sequence left behind, word by word, see [`super::abi`].
pub type Signature = Vec<u64>;

/// Spike, and a directory for its files.
pub struct Oracle {
    program: PathBuf,
    directory: tempfile::TempDir,
}

impl Oracle {
    /// Spike at `program`.
    ///
    /// # Errors
    /// If no temporary directory can be made.
    pub fn new(program: PathBuf) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        Ok(Self { program, directory })
    }

    /// Runs a program; returns its signatures.
    ///
    /// # Errors
    /// If Spike fails.
    pub fn run(&self, file: &[u8]) -> Result<Vec<Signature>> {
        let path = self.directory.path();
        let (elf, signature) = (path.join("program.elf"), path.join("signature"));
        fs::write(&elf, file)?;
        // One that went before must not be taken for this one's.
        let _ = fs::remove_file(&signature);
        let mut spike = process::command("timeout");
        spike.arg("120").arg(&self.program).args(arguments());
        spike.arg(format!("+signature={}", signature.display()));
        spike.arg("+signature-granularity=8").arg(&elf);
        process::output(&mut spike)?;
        read(&signature)
    }
}

/// The machine: the extensions that the decoder has, the harness's memory, no
/// triggers.
fn arguments() -> Vec<String> {
    // Misaligned accesses are an extension there, hints of caches and counters of
    // events (zero here, as Zihpm allows) too.
    let isa = format!("--isa={}_zicbop_zicclsm_zihpm", isa::ISA_STRING);
    let region = |(start, bytes): (u64, u64)| format!("{start:#x}:{bytes:#x}");
    let memory = format!("-m{},{}", region(HARNESS), region(WINDOW));
    vec![isa, memory, "--triggers=0".to_owned()]
}

fn read(file: &Path) -> Result<Vec<Signature>> {
    let text = fs::read_to_string(file).context("Spike wrote no signature")?;
    parse(&text)
}

/// Parses a signature file: a word a line, in hexadecimal.
///
/// # Errors
/// If it is not whole.
pub fn parse(text: &str) -> Result<Vec<Signature>> {
    let words: Result<Vec<u64>, _> = text
        .lines()
        .map(|line| u64::from_str_radix(line, 16))
        .collect();
    let mut words = words.context("not a signature file")?;
    // Spike fills its last line.
    words.truncate(words.len() / SIGNATURE_WORDS * SIGNATURE_WORDS);
    if words.is_empty() {
        bail!("the signature is empty");
    }
    Ok(words.chunks(SIGNATURE_WORDS).map(<[u64]>::to_vec).collect())
}
