//! The programs of the suite, by name, and what each one is a measure of.

use serde::Serialize;

use super::packages::{self, Packaged};

/// What a program mostly stresses; ratios are averaged within a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Integer arithmetic and memory.
    Integer,
    /// Floating point.
    Float,
    /// Indirect jumps, calls and returns.
    Dispatch,
    /// Much code, each part of it run rarely.
    Large,
    /// Code that is written while it runs.
    SelfModifying,
    /// System calls, page faults, processes, threads.
    System,
    /// Programs of others, as Debian ships them.
    Program,
}

impl Class {
    /// Every class, in the order of reports.
    pub const ALL: [Self; 7] = [
        Self::Integer,
        Self::Float,
        Self::Dispatch,
        Self::Large,
        Self::SelfModifying,
        Self::System,
        Self::Program,
    ];

    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Dispatch => "dispatch",
            Self::Large => "large",
            Self::SelfModifying => "self-modifying",
            Self::System => "system",
            Self::Program => "program",
        }
    }
}

/// Where a program comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// `guests/bench/src/NAME.c`.
    C,
    /// `guests/bench/src/NAME.rs`.
    Rust,
    /// Source text that [`super::large`] writes.
    Generated,
    /// A package of Debian.
    Package(&'static Packaged),
}

/// A program of the suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Program {
    /// Its name: of its source, in its output, in reports.
    pub name: &'static str,
    /// Its class.
    pub class: Class,
    /// Where it comes from.
    pub origin: Origin,
}

/// The suite.
pub fn all() -> Vec<Program> {
    let own = OWN.iter().flat_map(|(class, names)| {
        names.iter().map(|name| Program {
            name,
            class: *class,
            origin: origin(name),
        })
    });
    let packaged = packages::ALL.iter().map(|packaged| Program {
        name: packaged.name,
        class: Class::Program,
        origin: Origin::Package(packaged),
    });
    own.chain(packaged).collect()
}

fn origin(name: &str) -> Origin {
    if name == GENERATED {
        Origin::Generated
    } else if name.starts_with("rust-") {
        Origin::Rust
    } else {
        Origin::C
    }
}

/// The program whose source is written at build time.
const GENERATED: &str = "large";

const OWN: &[(Class, &[&str])] = &[
    (
        Class::Integer,
        &[
            "sha256", "crc32", "memcpy", "qsort", "chase", "hashmap", "sieve", "atomics",
            "division", "rust-map",
        ],
    ),
    (
        Class::Float,
        &["nbody", "matmul", "mandelbrot", "fma", "libm"],
    ),
    (Class::Dispatch, &["fib", "interp", "rust-vm", "indirect"]),
    (Class::Large, &[GENERATED]),
    (Class::SelfModifying, &["smc"]),
    (
        Class::System,
        &["syscalls", "pagefault", "pipe", "forkexec", "threads"],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::build;

    #[test]
    fn names_are_unique_and_have_sources() {
        let all = all();
        for program in &all {
            let same = all.iter().filter(|other| other.name == program.name);
            assert_eq!(same.count(), 1, "{}", program.name);
            let extension = match program.origin {
                Origin::C => "c",
                Origin::Rust => "rs",
                Origin::Generated | Origin::Package(_) => continue,
            };
            let source = build::source(program.name, extension);
            assert!(source.exists(), "{}", source.display());
        }
    }
}
