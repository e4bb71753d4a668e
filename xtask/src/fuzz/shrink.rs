//! Making what fails small.

use super::sequence::{Sequence, Unit};

/// The smallest part of failing sequences that was found to fail still. `fails`
/// is asked many times.
///
/// # Errors
/// As `fails`.
pub fn shrink<E>(
    sequences: &[Sequence],
    mut fails: impl FnMut(&[Sequence]) -> Result<bool, E>,
) -> Result<Vec<Sequence>, E> {
    // Mostly the last one fails alone.
    let alone = &sequences[sequences.len().saturating_sub(1)..];
    let mut small = if fails(alone)? {
        alone.to_vec()
    } else {
        without_pieces(sequences.to_vec(), &mut fails)?
    };
    for index in (0..small.len()).rev() {
        let units = small[index].units.clone();
        let with = |units: &[Unit]| {
            let mut shorter = small.clone();
            shorter[index].units = units.to_vec();
            shorter
        };
        let units = without_pieces(units, |fewer| fails(&with(fewer)))?;
        small[index].units = units;
    }
    Ok(small)
}

/// Leaves out pieces, ever smaller ones, from the end, as long as the rest fails.
pub fn without_pieces<T: Clone, E>(
    mut items: Vec<T>,
    mut fails: impl FnMut(&[T]) -> Result<bool, E>,
) -> Result<Vec<T>, E> {
    let mut piece = items.len().div_ceil(2);
    while piece > 0 {
        let mut end = items.len();
        while end > 0 {
            let start = end.saturating_sub(piece);
            let mut shorter = items.clone();
            shorter.drain(start..end);
            if fails(&shorter)? {
                items = shorter;
            }
            end = start;
        }
        piece /= 2;
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::{environment, rng::Rng};

    fn sequence(codes: std::ops::Range<u32>) -> Sequence {
        Sequence {
            environment: environment::random(&mut Rng::new(1, 1)),
            units: codes.map(Unit::one).collect(),
        }
    }

    fn codes(sequences: &[Sequence]) -> Vec<Vec<u32>> {
        let of = |s: &Sequence| s.units.iter().flat_map(|u| u.code.clone()).collect();
        sequences.iter().map(of).collect()
    }

    #[test]
    fn keeps_only_what_is_needed() {
        let mut asked = 0;
        let needs = |sequences: &[Sequence]| {
            asked += 1;
            let codes = codes(sequences).concat();
            Ok::<_, ()>(codes.contains(&117) && codes.contains(&161))
        };
        let all = [sequence(0..100), sequence(100..200)];
        assert_eq!(codes(&shrink(&all, needs).unwrap()), [[117, 161]]);
        assert!(asked < 150, "{asked}");
    }

    #[test]
    fn keeps_earlier_sequences_that_are_needed() {
        let needs = |sequences: &[Sequence]| {
            let codes = codes(sequences).concat();
            Ok::<_, ()>(codes.contains(&17) && codes.contains(&261))
        };
        let all = [sequence(0..100), sequence(100..200), sequence(200..300)];
        assert_eq!(codes(&shrink(&all, needs).unwrap()), [[17], [261]]);
    }
}
