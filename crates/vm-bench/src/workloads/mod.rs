//! Fixed pieces of work: the same instructions each time, in one thread, so that
//! they can be counted as well as timed.

mod lookups;
mod programs;
mod translations;

use anyhow::Result;

use crate::code::GuestCode;

pub use lookups::{SPACE, look_up};
pub use programs::{AWK, GZIP, PROGRAMS, Program, SHA256, SORT};

/// Something that can be done again and again.
pub trait Work {
    /// Makes everything ready for [`run`](Self::run); neither timed nor counted.
    ///
    /// # Errors
    /// If that is not possible.
    fn prepare(&mut self) -> Result<()> {
        Ok(())
    }

    /// Does it; returns a number that depends on all of it.
    ///
    /// # Errors
    /// If it cannot be done.
    fn run(&mut self) -> Result<u64>;
}

/// A piece of work and its name.
pub struct Workload {
    /// Its name.
    pub name: &'static str,
    /// What it does, in a few words.
    pub what: &'static str,
    /// What the number counts that [`Work::run`] returns, if that is its size.
    pub unit: Option<&'static str>,
    /// Makes it.
    pub make: fn(&GuestCode) -> Result<Box<dyn Work>>,
}

const INSTRUCTIONS: &str = "guest instructions";

/// All of them: the selection by which regressions are found.
pub const WORKLOADS: [Workload; 11] = [
    Workload {
        name: "translate",
        what: "decode, lift and optimise kernel and busybox code",
        unit: None,
        make: translations::translate,
    },
    Workload {
        name: "emit",
        what: "x86-64 code from its blocks",
        unit: None,
        make: translations::emit,
    },
    Workload {
        name: "tlb",
        what: "TLB lookups of the pages that sort touches",
        unit: None,
        make: lookups::tlb,
    },
    Workload {
        name: "interp-sha256",
        what: "sha256sum, interpreted",
        unit: Some(INSTRUCTIONS),
        make: |code| programs::interpreted(code, &SHA256),
    },
    Workload {
        name: "interp-awk",
        what: "awk, interpreted",
        unit: Some(INSTRUCTIONS),
        make: |code| programs::interpreted(code, &AWK),
    },
    Workload {
        name: "interp-sort",
        what: "sort, interpreted",
        unit: Some(INSTRUCTIONS),
        make: |code| programs::interpreted(code, &SORT),
    },
    Workload {
        name: "jit-sha256",
        what: "sha256sum, compiled before",
        unit: Some(INSTRUCTIONS),
        make: |code| programs::compiled(code, &SHA256),
    },
    Workload {
        name: "jit-awk",
        what: "awk, compiled before",
        unit: Some(INSTRUCTIONS),
        make: |code| programs::compiled(code, &AWK),
    },
    Workload {
        name: "jit-gzip",
        what: "gzip, compiled before",
        unit: Some(INSTRUCTIONS),
        make: |code| programs::compiled(code, &GZIP),
    },
    Workload {
        name: "jit-sort",
        what: "sort, compiled before",
        unit: Some(INSTRUCTIONS),
        make: |code| programs::compiled(code, &SORT),
    },
    Workload {
        name: "jit-cold",
        what: "awk on an engine that has not seen it",
        unit: Some(INSTRUCTIONS),
        make: |code| programs::cold(code, &AWK),
    },
];

/// Does the work once. A function of its own, so that a profiler can count what
/// happens in it and nothing else.
///
/// # Errors
/// Those of the work.
#[inline(never)]
pub fn counted_work(work: &mut dyn Work) -> Result<u64> {
    work.run()
}
