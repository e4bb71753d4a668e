//! The promises that the suites check: those of SPECIFICATION.md that are about speed
//! and need no other machine.

use super::suites::Results;

/// What is promised.
#[derive(Debug, Clone, Copy)]
pub struct Promise {
    /// What it is about.
    pub what: &'static str,
    /// The suite that measures it.
    pub suite: &'static str,
    /// The measured value.
    pub value: Value,
    /// Its bound.
    pub target: Target,
}

/// How a value comes about.
#[derive(Debug, Clone, Copy)]
pub enum Value {
    /// Nanoseconds of these benchmarks' iterations, the slowest of them.
    Ns(&'static [&'static str]),
    /// Microseconds for 100 guest instructions, the slowest of all benchmarks whose
    /// names begin so.
    UsPer100(&'static str),
    /// How many times as fast the second of each pair is, the geometric mean.
    Speedup(&'static [(&'static str, &'static str)]),
    /// Million guest instructions per second, the slowest of these benchmarks.
    Mips(&'static [&'static str]),
}

/// The bound of a value.
#[derive(Debug, Clone, Copy)]
pub enum Target {
    /// Less than this.
    Below(f64),
    /// This, or more.
    AtLeast(f64),
}

/// All of them.
pub const PROMISES: [Promise; 7] = [
    Promise {
        what: "guest code to host code, all steps",
        suite: "jit_compilation",
        value: Value::UsPer100("jit_compilation/all, passes/"),
        target: Target::Below(50.0),
    },
    Promise {
        what: "TLB hit in the first level",
        suite: "tlb_lookup",
        value: Value::Ns(&["tlb_lookup, hit/L1", "tlb_lookup, hit/L1, dependent"]),
        target: Target::Below(50.0),
    },
    Promise {
        what: "TLB hit in the second level, refill included",
        suite: "tlb_lookup",
        value: Value::Ns(&[
            "tlb_lookup, hit/L2, L1 thrashed",
            "tlb_lookup, hit/L2, no L1",
        ]),
        target: Target::Below(50.0),
    },
    Promise {
        what: "TLB lookup of the pages that sort touches",
        suite: "tlb_lookup",
        value: Value::Ns(&["tlb_lookup, sort's pages/with L1"]),
        target: Target::Below(50.0),
    },
    Promise {
        what: "block from any guest to any host, cache cold",
        suite: "cross_arch_translation",
        value: Value::UsPer100("cross_arch_translation, "),
        target: Target::Below(100.0),
    },
    Promise {
        what: "interpreter, busybox",
        suite: "baseline",
        value: Value::Mips(&[
            "baseline/interp-sha256",
            "baseline/interp-awk",
            "baseline/interp-sort",
        ]),
        target: Target::AtLeast(60.0),
    },
    Promise {
        what: "JIT against interpreter, busybox",
        suite: "baseline",
        value: Value::Speedup(&[
            ("baseline/interp-sha256", "baseline/jit-sha256"),
            ("baseline/interp-awk", "baseline/jit-awk"),
            ("baseline/interp-sort", "baseline/jit-sort"),
        ]),
        target: Target::AtLeast(3.0),
    },
];

impl Promise {
    /// The measured value, if the suite was run.
    pub fn measured(&self, results: &Results) -> Option<f64> {
        let largest = |values: Vec<f64>| values.into_iter().reduce(f64::max);
        match self.value {
            Value::Ns(names) => {
                let all: Option<Vec<f64>> = names.iter().map(|name| results.ns(name)).collect();
                largest(all?)
            }
            Value::UsPer100(prefix) => {
                let slowest = largest(results.ns_per_element(prefix));
                slowest.map(|ns| ns / 10.0)
            }
            Value::Mips(names) => {
                let all = names
                    .iter()
                    .map(|name| largest(results.ns_per_element(name)));
                largest(all.collect::<Option<_>>()?).map(|ns| 1e3 / ns)
            }
            Value::Speedup(pairs) => {
                let log = |(slow, fast): &(&str, &str)| {
                    Some((results.ns(slow)? / results.ns(fast)?).ln())
                };
                let logs: Option<Vec<f64>> = pairs.iter().map(log).collect();
                let logs = logs?;
                Some((logs.iter().sum::<f64>() / logs.len() as f64).exp())
            }
        }
    }

    /// The unit of the value.
    pub fn unit(&self) -> &'static str {
        match self.value {
            Value::Ns(_) => "ns",
            Value::UsPer100(_) => "µs/100 instructions",
            Value::Mips(_) => "M instructions/s",
            Value::Speedup(_) => "×",
        }
    }
}

impl Target {
    /// Whether a value is within the bound.
    pub fn is_met(self, value: f64) -> bool {
        match self {
            Self::Below(bound) => value < bound,
            Self::AtLeast(bound) => value >= bound,
        }
    }

    /// In words.
    pub fn describe(self) -> String {
        match self {
            Self::Below(bound) => format!("< {bound}"),
            Self::AtLeast(bound) => format!("≥ {bound}"),
        }
    }
}
