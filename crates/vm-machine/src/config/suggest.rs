//! "Did you mean": the nearest of the words that would have been right.

/// A hint such as ` (did you mean `memory`?)`, or nothing if no known word is near.
pub(crate) fn suggestion<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let word = word.to_lowercase();
    let distance = |candidate: &str| strsim::damerau_levenshtein(&word, candidate);
    let nearest = known
        .into_iter()
        .map(|candidate| (distance(candidate), candidate))
        .min();
    match nearest {
        // A third of the letters may be wrong, and two in any word.
        Some((wrong, candidate)) if wrong <= (candidate.len() / 3).max(2) => {
            format!(" (did you mean `{candidate}`?)")
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_near_words_only() {
        let known = ["memory", "cpus", "kernel"];
        assert!(suggestion("memroy", known).contains("`memory`"));
        assert!(suggestion("CPU", known).contains("`cpus`"));
        assert_eq!(suggestion("zebra-crossing", known), "");
        assert_eq!(suggestion("memory", []), "");
    }
}
