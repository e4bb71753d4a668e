//! Whether paired measurements differ, and by how much.
//!
//! The pairs' logarithms of ratios are judged by Wilcoxon's signed-rank test, which
//! assumes nothing of how noise is distributed but that it favours neither side. Its
//! distribution is exact. The effect is the Hodges–Lehmann estimate that belongs to it,
//! with its confidence interval. Where several benchmarks are judged at once, Holm's
//! method keeps the chance of any false alarm at [`ALPHA`].

/// Chance of a false alarm in a whole comparison.
pub const ALPHA: f64 = 0.001;
/// Confidence of the intervals.
const CONFIDENCE: f64 = 0.95;
/// Differences below this are real at times, and of no interest: where the linker puts
/// code is worth as much.
pub const MINIMAL_EFFECT: f64 = 0.02;

/// What pairs of measurements say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// The second side divided by the first.
    pub ratio: f64,
    /// Where that ratio lies, with a confidence of 95 %.
    pub interval: (f64, f64),
    /// Chance of as clear a result if both sides are the same.
    pub p: f64,
}

/// What follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// No difference, or none worth speaking of.
    Same,
    /// The second side takes less.
    Faster,
    /// The second side takes more.
    Slower,
}

impl Effect {
    /// Of pairs of positive numbers; `None` if there are fewer than six, too few for
    /// any conclusion.
    pub fn of(pairs: &[(f64, f64)]) -> Option<Self> {
        if pairs.len() < 6 {
            return None;
        }
        let logs: Vec<f64> = pairs.iter().map(|(a, b)| (b / a).ln()).collect();
        let mut walsh = Vec::new();
        for (at, x) in logs.iter().enumerate() {
            walsh.extend(logs[at..].iter().map(|y| f64::midpoint(*x, *y)));
        }
        walsh.sort_by(f64::total_cmp);
        let cumulative = signed_rank_distribution(logs.len());
        // The largest sum of ranks that is unlikely: so many averages lie outside.
        let tail = (1.0 - CONFIDENCE) / 2.0;
        let unlikely = cumulative.iter().take_while(|&&p| p <= tail);
        let cut = unlikely.count().saturating_sub(1);
        let interval = (walsh[cut], walsh[walsh.len() - 1 - cut]);
        let middle = f64::midpoint(walsh[walsh.len() / 2], walsh[(walsh.len() - 1) / 2]);
        Some(Self {
            ratio: middle.exp(),
            interval: (interval.0.exp(), interval.1.exp()),
            p: p_value(&walsh, &cumulative),
        })
    }
}

/// Two-sided: from how many averages of two pairs are above zero, which is the
/// statistic of the test.
fn p_value(walsh: &[f64], cumulative: &[f64]) -> f64 {
    let positive = walsh.iter().filter(|&&x| x > 0.0).count();
    let negative = walsh.iter().filter(|&&x| x < 0.0).count();
    // Ties at zero count for neither side, which errs towards no difference.
    let smaller = walsh.len() - positive.max(negative);
    (2.0 * cumulative[smaller]).min(1.0)
}

/// For `n` pairs of equal sides, the chances that the sum of the ranks of one sign is
/// at most 0, 1, 2 and so on.
fn signed_rank_distribution(n: usize) -> Vec<f64> {
    let mut chances = vec![0.0; n * (n + 1) / 2 + 1];
    chances[0] = 1.0;
    for rank in 1..=n {
        for sum in (0..chances.len()).rev() {
            let with = sum.checked_sub(rank).map_or(0.0, |rest| chances[rest]);
            chances[sum] = f64::midpoint(chances[sum], with);
        }
    }
    let mut total = 0.0;
    chances
        .iter()
        .map(|chance| {
            total += chance;
            total
        })
        .collect()
}

/// What each of several effects, measured together, comes to.
pub fn verdicts(effects: &[Effect]) -> Vec<Verdict> {
    let mut order: Vec<usize> = (0..effects.len()).collect();
    order.sort_by(|&a, &b| effects[a].p.total_cmp(&effects[b].p));
    let mut verdicts = vec![Verdict::Same; effects.len()];
    for (place, &at) in order.iter().enumerate() {
        let left = (effects.len() - place) as f64;
        if effects[at].p * left > ALPHA {
            break;
        }
        verdicts[at] = verdict(effects[at].ratio);
    }
    verdicts
}

fn verdict(ratio: f64) -> Verdict {
    match ratio.ln() {
        log if log >= MINIMAL_EFFECT => Verdict::Slower,
        log if log <= -MINIMAL_EFFECT => Verdict::Faster,
        _ => Verdict::Same,
    }
}

#[cfg(test)]
mod tests;
