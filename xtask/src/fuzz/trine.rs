//! Our side: the engine, in this process.

use std::{
    collections::HashSet,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Result, bail};
use vm_core::GuestPhysAddr;
use vm_engine::observe::{CodeListener, HostCodeKind};

use super::{
    abi::{HARNESS, SIGNATURE_WORDS, WINDOW},
    coverage::Coverage,
    image,
    oracle::Signature,
};
use crate::bare::{Bare, Program};

const LIMIT: Duration = Duration::from_secs(100);

/// Runs a program; returns its signatures. Executed instructions are counted
/// in `coverage`.
///
/// # Errors
/// If the program cannot be run or does not end as it should.
pub fn run(file: &[u8], coverage: &Arc<Mutex<Coverage>>) -> Result<Vec<Signature>> {
    let program = Program::parse(file)?;
    let listener = Counted {
        coverage: Arc::clone(coverage),
        harness: Mutex::default(),
        last: Mutex::default(),
    };
    let mut bare = Bare::new(&program, &[HARNESS, WINDOW])?;
    bare.set_listener(Arc::new(listener));
    let ended = bare.run(LIMIT)?;
    if ended.tohost != 1 {
        bail!("the harness failed on Trine with {:#x}", ended.tohost);
    }
    let start = program.symbol("begin_signature")?;
    let end = program.symbol("end_signature")?;
    let mut bytes = vec![0; (end - start) as usize];
    ended.ram.read(GuestPhysAddr(start), &mut bytes)?;
    let word = |chunk: &[u8]| chunk.iter().rev().fold(0, |w, &b| w << 8 | u64::from(b));
    let words: Vec<u64> = bytes.chunks(8).map(word).collect();
    Ok(words.chunks(SIGNATURE_WORDS).map(<[u64]>::to_vec).collect())
}

/// Counts the instructions that are translated.
///
/// The harness's own blocks are lifted once each and not counted. Random code is
/// executed once, at most: what a block has behind a branch counts whether or not
/// that is taken. After a trap or such a branch in the middle of a block, its
/// rest is lifted again: then only what goes beyond that block is counted.
struct Counted {
    coverage: Arc<Mutex<Coverage>>,
    harness: Mutex<HashSet<Vec<u8>>>,
    last: Mutex<Vec<u8>>,
}

impl CodeListener for Counted {
    fn translated(&self, code: &[u8], insns: &[(u16, u8)]) {
        if image::is_harness(code) && lock(&self.harness).insert(code.to_vec()) {
            return;
        }
        let mut last = lock(&self.last);
        let known = overlap(&last, code);
        let mut coverage = lock(&self.coverage);
        for &(offset, len) in insns {
            if usize::from(offset) >= known {
                coverage.add(&code[offset.into()..][..len.into()]);
            }
        }
        *last = code.to_vec();
    }

    fn code_made(&self, _: Range<usize>, _: HostCodeKind<'_>) {}
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The length of the longest start of `code` that ends `last`, unless it is
/// too short to tell.
fn overlap(last: &[u8], code: &[u8]) -> usize {
    const TELLING: usize = 4;
    let longest = last.len().min(code.len());
    let fits = |&n: &usize| last.ends_with(&code[..n]);
    (TELLING..=longest).rev().find(fits).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_of_blocks_are_recognised() {
        let last = [1, 2, 3, 4, 5, 6];
        assert_eq!(overlap(&last, &[3, 4, 5, 6, 7, 8]), 4);
        assert_eq!(overlap(&last, &[5, 6, 7, 8]), 0);
        assert_eq!(overlap(&last, &last), 6);
        assert_eq!(overlap(&[], &last), 0);
    }
}
