//! Litmus tests: small programs of two to four vCPUs, run many times, whose outcomes
//! tell whether the order of memory accesses is that of RVWMO, and whether atomics are.
//!
//! Each test says which outcomes the memory model forbids. Those that only a weak
//! order allows are counted: where the host shows some, vCPUs do run side by side.

mod asm;
mod catalog;
mod machine;
mod program;
mod test;

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use vm_engine::{jit, vcpu::Engine};
use vm_optimizers::TierPolicy;

use machine::Machine;
use test::{Outcome, Test, Verdict};

/// Instances that a machine does at a time.
const INSTANCES: usize = 4096;

/// How long, and which.
pub struct Options {
    /// All tests together take so long. Each runs at least once.
    pub time: Duration,
    /// Only tests whose name contains this.
    pub only: Option<String>,
    /// Instances that a machine does at a time.
    pub instances: usize,
}

impl Options {
    /// All tests, for so long.
    pub fn lasting(time: Duration) -> Self {
        Self {
            time,
            only: None,
            instances: INSTANCES,
        }
    }
}

/// What a test has shown.
#[derive(Debug, Default, Clone)]
pub struct Seen {
    /// Instances.
    pub instances: u64,
    /// Outcomes that only a weak order allows.
    pub notable: u64,
    /// Outcomes that must not be, and how often each was.
    pub forbidden: HashMap<Outcome, u64>,
}

/// Runs the tests on all engines.
///
/// # Errors
/// If a test has shown what it must not.
pub fn run(options: &Options) -> Result<Seen> {
    let chosen = |test: &Test| match &options.only {
        Some(part) => test.name.contains(part),
        None => true,
    };
    let tests: Vec<_> = catalog::all().into_iter().filter(chosen).collect();
    let ways = ways();
    let share = options.time / (tests.len() * ways.len()).max(1) as u32;
    let (mut sum, mut failed) = (Seen::default(), 0);
    for test in &tests {
        for way in &ways {
            let seen = run_test(test, way, share, options.instances)?;
            report(test, way.name, &seen);
            failed += usize::from(!seen.forbidden.is_empty());
            sum.add(&seen);
        }
    }
    println!(
        "litmus: {} tests on {} engines, {} instances, {} of a weak order, {} forbidden",
        tests.len(),
        ways.len(),
        sum.instances,
        sum.notable,
        sum.forbidden.values().sum::<u64>(),
    );
    if failed != 0 {
        bail!("{failed} tests have shown what the memory model forbids");
    }
    Ok(sum)
}

/// A way to run tests.
struct Way {
    name: &'static str,
    engine: Engine,
    /// How often a thread looks where the others are, for each instance: some
    /// microseconds.
    patience: u32,
}

fn ways() -> Vec<Way> {
    let policy = TierPolicy {
        threshold: 3,
        ..TierPolicy::default()
    };
    let mut ways = vec![Way {
        name: "interp",
        engine: Engine::Interpreter,
        patience: 60,
    }];
    if jit::SUPPORTED {
        ways.push(Way {
            name: "jit",
            engine: Engine::Jit(policy),
            patience: 1000,
        });
    }
    ways
}

fn run_test(test: &Test, way: &Way, time: Duration, instances: usize) -> Result<Seen> {
    let end = Instant::now() + time;
    let mut machine = Machine::new(test, way.engine, way.patience, instances)?;
    let mut seen = Seen::default();
    for seed in 1.. {
        for whole in machine.run(seed)? {
            seen.note(test, &whole);
        }
        if Instant::now() >= end {
            break;
        }
    }
    Ok(seen)
}

impl Seen {
    fn note(&mut self, test: &Test, whole: &Outcome) {
        for (verdict, outcome) in test.judge(whole) {
            self.instances += 1;
            match verdict {
                Verdict::Plain => {}
                Verdict::Notable => self.notable += 1,
                Verdict::Forbidden => *self.forbidden.entry(outcome).or_default() += 1,
            }
        }
    }

    fn add(&mut self, other: &Self) {
        self.instances += other.instances;
        self.notable += other.notable;
        for (outcome, times) in &other.forbidden {
            *self.forbidden.entry(outcome.clone()).or_default() += times;
        }
    }
}

fn report(test: &Test, engine: &str, seen: &Seen) {
    let times: u64 = seen.forbidden.values().sum();
    println!(
        "litmus: {:40} {} vCPUs, {engine:6} {:>9} instances, {:>7} weak, {times} forbidden",
        test.name,
        test.vcpus(),
        seen.instances,
        seen.notable,
    );
    for (outcome, times) in seen.forbidden.iter().take(3) {
        println!(
            "litmus:     {times} times: results {:?}, memory {:?}",
            outcome.results, outcome.memory
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_outcome_is_forbidden() {
        let options = Options {
            instances: 200,
            ..Options::lasting(Duration::ZERO)
        };
        let seen = run(&options).unwrap();
        assert!(seen.instances >= 100 * options.instances as u64);
    }

    #[test]
    fn every_test_can_fail() {
        // Some outcome of small numbers is forbidden, or only a weak order allows it.
        for test in catalog::all() {
            let fails = |whole: Outcome| {
                let mut verdicts = test.judge(&whole).map(|(verdict, _)| verdict);
                verdicts.any(|verdict| verdict != Verdict::Plain)
            };
            let found = small_outcomes(test.vcpus()).any(fails);
            assert!(found, "{}", test.name);
        }
    }

    /// Outcomes with small results of two threads each, and small memory.
    fn small_outcomes(threads: usize) -> impl Iterator<Item = Outcome> {
        (0..4u64.pow(7)).map(move |number| {
            let digit = |n: u32| number >> (2 * n) & 3;
            let result = |thread: usize| {
                let first = if thread.is_multiple_of(2) { 0 } else { 2 };
                [digit(first), digit(first + 1), digit(4), 0]
            };
            let value = |n: u32| [[0, 1, 2, 7][digit(n) as usize], 0];
            Outcome {
                results: (0..threads).map(result).collect(),
                memory: [value(5), value(6), value(5), value(6)],
            }
        })
    }
}
