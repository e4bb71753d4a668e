//! Making a case that differs small.

use anyhow::Result;

use super::{
    case::Case,
    compiled::Compiled,
    duel::{self, Difference},
};
use crate::fuzz::{sequence::Unit, shrink::without_pieces};

/// The smallest part of a case that was found to differ still, and how.
///
/// # Errors
/// If a machine cannot be made.
pub fn shrink(mut case: Case, mut found: Difference) -> Result<(Case, Difference)> {
    case.plan.runs.truncate(found.run + 1);
    let mut keep = |smaller: Case, case: &mut Case| -> Result<bool> {
        let Some(difference) = duel::run(&smaller, &Compiled::default())?.1 else {
            return Ok(false);
        };
        found = difference;
        *case = smaller;
        Ok(true)
    };
    without_runs(&mut case, &mut keep)?;
    for run in 0..case.plan.runs.len() {
        without_events(&mut case, run, &mut keep)?;
    }
    for part in (0..case.parts.len()).rev() {
        let units = case.parts[part].units.clone();
        let with = |case: &Case, units: &[Unit]| {
            let mut smaller = case.clone();
            smaller.parts[part].units = units.to_vec();
            smaller
        };
        without_pieces(units, |fewer| keep(with(&case, fewer), &mut case))?;
    }
    shorten(&mut case, &mut keep)?;
    // It may have become another difference, at another place.
    Ok((case, found))
}

type Keep<'a> = dyn FnMut(Case, &mut Case) -> Result<bool> + 'a;

fn without_runs(case: &mut Case, keep: &mut Keep<'_>) -> Result<()> {
    let runs = case.plan.runs.clone();
    without_pieces(runs, |fewer| {
        let mut smaller = case.clone();
        smaller.plan.runs = fewer.to_vec();
        keep(smaller, case)
    })?;
    Ok(())
}

/// Leaves events out; what runs before them runs before the next.
fn without_events(case: &mut Case, run: usize, keep: &mut Keep<'_>) -> Result<()> {
    let mut event = case.plan.runs[run].events.len();
    while event > 0 {
        event -= 1;
        let mut smaller = case.clone();
        let run = &mut smaller.plan.runs[run];
        let (insns, _) = run.events.remove(event);
        match run.events.get_mut(event) {
            Some(next) => next.0 += insns,
            None => run.rest += insns,
        }
        keep(smaller, case)?;
    }
    Ok(())
}

/// Has the last run end as soon as the two differ.
fn shorten(case: &mut Case, keep: &mut Keep<'_>) -> Result<()> {
    let rest = |case: &Case| case.plan.runs.last().map_or(0, |run| run.rest);
    let mut step = rest(case);
    while step > 0 {
        let mut smaller = case.clone();
        let shorter = rest(case).checked_sub(step);
        let kept = match (smaller.plan.runs.last_mut(), shorter) {
            (Some(run), Some(shorter)) => {
                run.rest = shorter;
                keep(smaller, case)?
            }
            _ => false,
        };
        if !kept {
            step /= 2;
        }
    }
    Ok(())
}
