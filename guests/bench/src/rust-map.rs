//! Counts words: the standard library's maps, strings and allocations.

mod bench;

use std::{
    collections::{BTreeMap, HashMap, hash_map::DefaultHasher},
    hash::BuildHasherDefault,
    process::ExitCode,
};

const WORDS: usize = 10_000;

fn count() -> u64 {
    let mut seed = 14;
    // The default's random keys would make each run another.
    let mut counts: HashMap<String, u32, BuildHasherDefault<DefaultHasher>> = HashMap::default();
    for _ in 0..WORDS {
        let word = format!("w{:x}", bench::random(&mut seed) % 3000);
        *counts.entry(word).or_default() += 1;
    }
    let mut by_count: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    for (word, count) in &counts {
        by_count.entry(*count).or_default().push(word);
    }
    let mut sum = counts.len() as u64;
    for (count, words) in &mut by_count {
        words.sort_unstable();
        sum = bench::mix(sum, u64::from(*count));
        let letters = words.iter().flat_map(|word| word.bytes());
        sum = letters.fold(sum, |sum, letter| bench::mix(sum, letter.into()));
    }
    sum
}

fn main() -> ExitCode {
    bench::main("rust-map", count)
}
