//! Measurements in the order of their commits, one series for each machine.

use crate::{
    bench::stats::median,
    perf::{
        db::{Metric, Recording},
        fingerprint::Fingerprint,
        git::Commit,
    },
};

/// How a benchmark's value went.
#[derive(Debug)]
pub struct Trend {
    /// The benchmark.
    pub benchmark: String,
    /// What of it.
    pub metric: Metric,
    /// The values' unit, after scaling.
    pub unit: &'static str,
    /// The commits, oldest first: the places on the axis.
    pub commits: Vec<Commit>,
    /// One for each machine that measured it.
    pub lines: Vec<Line>,
}

/// The values of one machine.
#[derive(Debug)]
pub struct Line {
    /// The machine.
    pub machine: Fingerprint,
    /// Place of the commit, and its samples' quartiles.
    pub points: Vec<(usize, Quartiles)>,
}

/// The middle half of samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quartiles {
    /// A quarter of the samples is below.
    pub low: f64,
    /// The median.
    pub middle: f64,
    /// A quarter is above.
    pub high: f64,
}

impl Quartiles {
    fn of(samples: &[f64], scale: f64) -> Option<Self> {
        let middle = median(samples)? * scale;
        let mut sorted = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share).round() as usize] * scale;
        Some(Self {
            low: at(0.25),
            middle,
            high: at(0.75),
        })
    }
}

/// A unit and the factor to it.
fn unit(metric: Metric) -> (&'static str, f64) {
    match metric {
        Metric::Time => ("milliseconds of CPU time", 1e-6),
        Metric::Instructions => ("millions of host instructions", 1e-6),
        Metric::Promise => ("in the unit of its name", 1.0),
    }
}

/// All machines, each once: in this order they have their colours.
pub fn machines(trends: &[Trend]) -> Vec<&Fingerprint> {
    let mut machines = Vec::new();
    for line in trends.iter().flat_map(|trend| &trend.lines) {
        if !machines.contains(&&line.machine) {
            machines.push(&line.machine);
        }
    }
    machines
}

/// One trend for each benchmark that the recordings are of.
pub fn trends(metric: Metric, recordings: &[Recording]) -> Vec<Trend> {
    let mut names: Vec<&String> = recordings
        .iter()
        .flat_map(|recording| recording.samples.iter().map(|(name, _)| name))
        .collect();
    names.sort();
    names.dedup();
    names
        .into_iter()
        .map(|name| trend(name, metric, recordings))
        .collect()
}

fn trend(benchmark: &str, metric: Metric, recordings: &[Recording]) -> Trend {
    let (unit, scale) = unit(metric);
    let mut trend = Trend {
        benchmark: benchmark.to_owned(),
        metric,
        unit,
        commits: Vec::new(),
        lines: Vec::new(),
    };
    for recording in recordings {
        let samples = recording.samples.iter().find(|(name, _)| name == benchmark);
        let Some(quartiles) = samples.and_then(|(_, samples)| Quartiles::of(samples, scale)) else {
            continue;
        };
        let place = trend.place(&recording.commit);
        let line = trend.line(&recording.machine);
        // A commit that was measured again shows its newest values.
        line.points.retain(|(other, _)| *other != place);
        line.points.push((place, quartiles));
    }
    trend
}

impl Trend {
    fn place(&mut self, commit: &Commit) -> usize {
        let known = self.commits.iter().position(|known| known.id == commit.id);
        known.unwrap_or_else(|| {
            self.commits.push(commit.clone());
            self.commits.len() - 1
        })
    }

    fn line(&mut self, machine: &Fingerprint) -> &mut Line {
        let known = self.lines.iter().position(|line| line.machine == *machine);
        let at = known.unwrap_or(self.lines.len());
        if known.is_none() {
            self.lines.push(Line {
                machine: machine.clone(),
                points: Vec::new(),
            });
        }
        &mut self.lines[at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recording(commit: &str, cores: u32, samples: &[f64]) -> Recording {
        let text = str::to_owned;
        Recording {
            commit: Commit {
                id: text(commit),
                date: text("2026-01-01"),
                subject: text("x"),
            },
            machine: Fingerprint {
                cpu: text("c"),
                cores,
                kernel: text("k"),
                rustc: text("r"),
                code: text("g"),
            },
            measured: text("2026-01-02"),
            samples: vec![(text("tlb"), samples.to_vec())],
        }
    }

    #[test]
    fn machines_have_lines_of_their_own_and_the_newest_value_counts() {
        let recordings = [
            recording("a", 2, &[1e6, 2e6, 3e6, 4e6, 5e6]),
            recording("a", 4, &[9e6]),
            recording("b", 2, &[7e6]),
            recording("b", 2, &[8e6]),
        ];
        let trends = trends(Metric::Time, &recordings);
        assert_eq!(trends.len(), 1);
        let [two, four] = &trends[0].lines[..] else {
            panic!("{trends:?}");
        };
        assert_eq!((trends[0].commits.len(), four.points.len()), (2, 1));
        let middles: Vec<_> = two.points.iter().map(|(at, q)| (*at, q.middle)).collect();
        assert_eq!(middles, [(0, 3.0), (1, 8.0)]);
        assert_eq!((two.points[0].1.low, two.points[0].1.high), (2.0, 4.0));
    }
}
