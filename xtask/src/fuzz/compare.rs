//! Differences between signatures.

use std::fmt::Write as _;

use super::{
    abi::{RETIRED, word_name},
    oracle::Signature,
};

/// The words of two signatures that differ.
pub fn differences(trine: &Signature, spike: &Signature) -> Vec<usize> {
    let words = trine.iter().zip(spike).enumerate();
    let differ = words.filter(|(word, (a, b))| *word != RETIRED && a != b);
    differ.map(|(word, _)| word).collect()
}

/// The first sequence that left different signatures.
pub fn first(trine: &[Signature], spike: &[Signature]) -> Option<usize> {
    let pairs = trine.iter().zip(spike);
    let found = pairs
        .clone()
        .position(|(a, b)| !differences(a, b).is_empty());
    // A missing signature is a difference, too.
    found.or((trine.len() != spike.len()).then_some(trine.len().min(spike.len())))
}

/// The differing words with both values.
pub fn describe(trine: &Signature, spike: &Signature) -> String {
    let mut text = format!("{:22} {:>16} {:>16}\n", "", "Trine", "Spike");
    for word in differences(trine, spike) {
        let (a, b) = (trine[word], spike[word]);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{:22} {a:16x} {b:16x}", word_name(word));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use super::*;
    use crate::fuzz::abi::SIGNATURE_WORDS;

    #[test]
    fn the_retired_instructions_do_not_count() {
        let a = vec![0; SIGNATURE_WORDS];
        let mut b = a.clone();
        b[RETIRED] = 1;
        assert_eq!(first(from_ref(&a), from_ref(&b)), None);
        b[63] = 5;
        assert_eq!(
            first(&[a.clone(), a.clone()], &[a.clone(), b.clone()]),
            Some(1)
        );
        assert!(describe(&a, &b).contains("fcsr"));
        assert_eq!(first(from_ref(&a), &[]), Some(0));
    }
}
