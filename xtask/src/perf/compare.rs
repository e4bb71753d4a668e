//! Whether one commit is slower than another, on this machine, now.

use std::path::Path;

use anyhow::{Result, bail, ensure};

use super::{
    build,
    db::Database,
    fingerprint::Fingerprint,
    git::Commit,
    measure::{self, Program},
    record,
    stats::{self, Effect, Verdict},
};
use crate::bench::report::Table;

/// Instruction counts are exact: a smaller change is that of addresses and sizes.
const SAME_COUNT: f64 = 0.001;

/// What to compare.
#[derive(Debug, Clone)]
pub struct Options {
    /// The revision that is the measure.
    pub a: String,
    /// The revision that is judged.
    pub b: String,
    /// Pairs of processes for each workload.
    pub pairs: usize,
    /// How often all of it is done.
    pub tries: usize,
    /// Only these workloads; all if empty.
    pub only: Vec<String>,
}

/// A workload's result.
struct Row {
    name: String,
    counts: Option<(u64, u64)>,
    effect: Effect,
    verdict: Verdict,
}

/// Compares two commits.
///
/// # Errors
/// If they cannot be built or measured, or if the second one is slower or takes more
/// instructions.
pub fn run(options: &Options, database: &Path) -> Result<()> {
    let mut database = Database::open(database)?;
    let code = measure::guest_code()?;
    let machine = Fingerprint::here(&code)?;
    let commits = [Commit::resolve(&options.a)?, Commit::resolve(&options.b)?];
    let [a, b] = [&commits[0], &commits[1]];
    let program = |commit| Program::new(build::program(commit)?, &code);
    let programs = [program(a)?, program(b)?];
    let mut names = programs[0].common(&programs[1]);
    for name in &options.only {
        ensure!(
            names.contains(name),
            "`{name}` is no workload of both commits; they have {}",
            names.join(", ")
        );
    }
    names.retain(|name| options.only.is_empty() || options.only.contains(name));
    let counts = [
        record::counts(&mut database, &machine, a, &programs[0])?,
        record::counts(&mut database, &machine, b, &programs[1])?,
    ];
    println!("A  {} {}", a.short(), a.subject);
    println!("B  {} {}", b.short(), b.subject);
    let mut different = 0;
    let mut worse = Vec::new();
    for number in 1..=options.tries {
        let rows = measure(&programs, &names, options.pairs, &counts)?;
        let found: Vec<String> = rows.iter().filter_map(Row::finding).collect();
        different += usize::from(!found.is_empty());
        if options.tries > 1 {
            println!("try {number}: {}", summary(&found));
        } else {
            print!("{}", table(&rows));
            println!("{}", summary(&found));
        }
        worse.extend(
            rows.iter()
                .filter(|row| row.is_worse())
                .map(|row| row.name.clone()),
        );
    }
    if options.tries > 1 {
        println!(
            "reported different in {different} of {} tries",
            options.tries
        );
    }
    worse.sort();
    worse.dedup();
    if !worse.is_empty() {
        bail!(
            "{} is slower than {}: {}",
            b.short(),
            a.short(),
            worse.join(", ")
        );
    }
    Ok(())
}

fn summary(found: &[String]) -> String {
    match found {
        [] => "no difference".to_owned(),
        found => found.join("; "),
    }
}

/// Times the workloads of both programs in turns.
fn measure(
    programs: &[Program; 2],
    names: &[String],
    pairs: usize,
    counts: &[Vec<(String, u64)>; 2],
) -> Result<Vec<Row>> {
    let mut samples = vec![Vec::new(); names.len()];
    for round in 0..pairs {
        for (name, samples) in names.iter().zip(&mut samples) {
            // Whoever is first has an advantage or a disadvantage: they take turns.
            let pair = if round % 2 == 0 {
                let a = programs[0].time(name)?;
                (a, programs[1].time(name)?)
            } else {
                let b = programs[1].time(name)?;
                (programs[0].time(name)?, b)
            };
            samples.push(pair);
        }
    }
    let effects: Option<Vec<Effect>> = samples.iter().map(|pairs| Effect::of(pairs)).collect();
    let Some(effects) = effects else {
        bail!("{pairs} pairs are too few for a conclusion");
    };
    let verdicts = stats::verdicts(&effects);
    let count = |side: usize, name: &String| {
        let found = counts[side].iter().find(|(counted, _)| counted == name);
        found.map(|(_, count)| *count)
    };
    let rows = names.iter().zip(effects).zip(verdicts);
    Ok(rows
        .map(|((name, effect), verdict)| Row {
            counts: count(0, name).zip(count(1, name)),
            name: name.clone(),
            effect,
            verdict,
        })
        .collect())
}

impl Row {
    /// By how much the instructions differ, if they do.
    fn count_change(&self) -> Option<f64> {
        let (a, b) = self.counts?;
        let change = b as f64 / a as f64 - 1.0;
        (change.abs() >= SAME_COUNT).then_some(change)
    }

    fn is_worse(&self) -> bool {
        self.verdict == Verdict::Slower || self.count_change().is_some_and(|change| change > 0.0)
    }

    /// What differs, in words.
    fn finding(&self) -> Option<String> {
        let mut parts = Vec::new();
        if let Some(change) = self.count_change() {
            parts.push(format!("instructions {}", percent(change)));
        }
        let time = percent(self.effect.ratio - 1.0);
        match self.verdict {
            Verdict::Same => {}
            Verdict::Faster => parts.push(format!("faster, time {time}")),
            Verdict::Slower => parts.push(format!("slower, time {time}")),
        }
        (!parts.is_empty()).then(|| format!("{}: {}", self.name, parts.join(", ")))
    }
}

fn percent(change: f64) -> String {
    format!("{:+.1} %", change * 100.0)
}

fn table(rows: &[Row]) -> String {
    let headings = [
        "workload",
        "time",
        "B/A",
        "95 % interval",
        "p",
        "instructions A, millions",
        "B",
        "B - A",
    ];
    let mut table = Table::new(&headings);
    for row in rows {
        let Effect { ratio, interval, p } = row.effect;
        let time = match row.verdict {
            Verdict::Same => "same",
            Verdict::Faster => "faster",
            Verdict::Slower => "slower",
        };
        let millions = |count: u64| format!("{:.3}", count as f64 / 1e6);
        let counts = row.counts.map(|(a, b)| (millions(a), millions(b)));
        let (count_a, count_b) = counts.unwrap_or_default();
        let change = row
            .count_change()
            .map_or_else(|| "same".to_owned(), percent);
        table.row([
            row.name.clone(),
            time.to_owned(),
            format!("{ratio:.3}"),
            format!("{:.3}–{:.3}", interval.0, interval.1),
            format!("{p:.1e}"),
            count_a,
            count_b,
            change,
        ]);
    }
    table.render()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(counts: (u64, u64), verdict: Verdict) -> Row {
        Row {
            name: "tlb".to_owned(),
            counts: Some(counts),
            effect: Effect {
                ratio: 1.05,
                interval: (1.04, 1.06),
                p: 1e-4,
            },
            verdict,
        }
    }

    #[test]
    fn more_instructions_and_more_time_are_findings_of_their_own() {
        let same = row((100_000, 100_050), Verdict::Same);
        assert_eq!((same.finding(), same.is_worse()), (None, false));
        let more = row((100, 104), Verdict::Same);
        assert_eq!(more.finding().unwrap(), "tlb: instructions +4.0 %");
        assert!(more.is_worse());
        let slower = row((100, 100), Verdict::Slower);
        assert_eq!(slower.finding().unwrap(), "tlb: slower, time +5.0 %");
        let fewer = row((100, 90), Verdict::Faster);
        assert!(!fewer.is_worse() && fewer.finding().is_some());
    }
}
