//! What was measured, and what follows from it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    machine::Kind,
    output::Sample,
    stats::{geometric_mean, median},
    suite::{Class, Program},
};

/// A program's results on all machines.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// The program.
    pub name: &'static str,
    /// Its class.
    pub class: Class,
    /// By machine.
    pub machines: BTreeMap<Kind, Series>,
}

/// A program's results on one machine.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Series {
    /// Of the work that was done; empty if the program has none.
    pub checksum: String,
    /// Units of work per second, in the order of measurement.
    pub rates: Vec<f64>,
}

/// Something that went wrong.
#[derive(Debug, Clone, Serialize)]
pub struct Failure {
    /// The program.
    pub program: &'static str,
    /// The machine.
    pub machine: Kind,
    /// What happened.
    pub problem: String,
}

/// All results.
#[derive(Debug, Default)]
pub struct Results {
    /// By program.
    pub rows: Vec<Row>,
    /// In the order in which they happened.
    pub failures: Vec<Failure>,
}

/// An average over programs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mean {
    /// Of which programs.
    pub name: &'static str,
    /// Speed of the first machine divided by that of the second.
    pub ratio: Option<f64>,
}

impl Results {
    /// Results of these programs, none yet.
    pub fn new(programs: &[Program]) -> Self {
        let row = |program: &Program| Row {
            name: program.name,
            class: program.class,
            machines: BTreeMap::new(),
        };
        Self {
            rows: programs.iter().map(row).collect(),
            failures: Vec::new(),
        }
    }

    /// Adds a sample; one that did other work than the samples before, on any
    /// machine, is a failure.
    pub fn add(&mut self, program: &Program, machine: Kind, sample: Sample) {
        let Some(row) = self.rows.iter_mut().find(|row| row.name == program.name) else {
            return;
        };
        let other = row
            .machines
            .iter()
            .find(|(_, series)| series.checksum != sample.checksum);
        if let Some((kind, series)) = other {
            let problem = format!(
                "the checksum is {}, but {} with {}",
                sample.checksum,
                series.checksum,
                kind.name()
            );
            self.fail(program, machine, problem);
            return;
        }
        let series = row.machines.entry(machine).or_default();
        series.checksum = sample.checksum;
        series.rates.push(sample.rate);
    }

    /// Adds a failure.
    pub fn fail(&mut self, program: &Program, machine: Kind, problem: String) {
        self.failures.push(Failure {
            program: program.name,
            machine,
            problem,
        });
    }

    /// Whether the program has failed on that machine.
    pub fn has_failed(&self, program: &Program, machine: Kind) -> bool {
        let mut failures = self.failures.iter();
        failures.any(|failure| failure.program == program.name && failure.machine == machine)
    }

    /// Geometric means of the speed of `a` divided by that of `b`: per class, and of
    /// the classes that are about the processor alone.
    pub fn means(&self, a: Kind, b: Kind) -> Vec<Mean> {
        let mean = |name, classes: &[Class]| {
            let rows = self.rows.iter().filter(|row| classes.contains(&row.class));
            let ratios: Vec<f64> = rows.filter_map(|row| row.ratio(a, b)).collect();
            Mean {
                name,
                ratio: geometric_mean(&ratios),
            }
        };
        let by_class = Class::ALL.iter().map(|class| mean(class.name(), &[*class]));
        let processor = [
            Class::Integer,
            Class::Float,
            Class::Dispatch,
            Class::Large,
            Class::SelfModifying,
        ];
        by_class
            .chain([
                mean("all but system and program", &processor),
                mean("all", &Class::ALL),
            ])
            .collect()
    }
}

impl Row {
    /// The median speed on a machine.
    pub fn rate(&self, machine: Kind) -> Option<f64> {
        median(&self.machines.get(&machine)?.rates)
    }

    /// The speed on `a` divided by that on `b`.
    pub fn ratio(&self, a: Kind, b: Kind) -> Option<f64> {
        Some(self.rate(a)? / self.rate(b)?)
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::bench::suite;

    fn sample(checksum: &str, rate: f64) -> Sample {
        Sample {
            checksum: checksum.to_owned(),
            rate,
        }
    }

    /// Trine is 4 times as fast as QEMU at the first program, as fast at the second.
    pub fn example() -> (Vec<Program>, Results) {
        let programs = suite::all()[..2].to_vec();
        let mut results = Results::new(&programs);
        for (program, speed) in programs.iter().zip([4.0, 1.0]) {
            for noise in [0.9, 1.0, 3.0] {
                results.add(program, Kind::Qemu, sample("1", 10.0 * noise));
                results.add(program, Kind::Trine, sample("1", 10.0 * speed * noise));
            }
        }
        (programs, results)
    }

    #[test]
    fn means_are_of_medians() {
        let (_, results) = example();
        let means = results.means(Kind::Trine, Kind::Qemu);
        let find = |name| means.iter().find(|mean| mean.name == name).unwrap().ratio;
        assert!((find("integer").unwrap() - 2.0).abs() < 1e-12);
        assert!((find("all").unwrap() - 2.0).abs() < 1e-12);
        assert_eq!(find("float"), None);
        assert!(results.failures.is_empty());
    }

    #[test]
    fn another_checksum_is_a_failure() {
        let (programs, mut results) = example();
        results.add(&programs[1], Kind::Native, sample("2", 1.0));
        assert!(results.has_failed(&programs[1], Kind::Native));
        assert!(!results.has_failed(&programs[0], Kind::Native));
        assert!(results.failures[0].problem.contains("is 2, but 1 with"));
        assert_eq!(results.rows[1].rate(Kind::Native), None);
    }
}
