//! Measuring Trine against itself: its promises, its past, and the commit before.
//!
//! Every measurement is of the program `baseline` of `vm-bench`, built from a commit in
//! a work tree of its own under `target/perf`. Times of a shared machine are noise, so
//! they are compared in pairs and judged by a test; instruction counts are exact.

mod build;
mod callgrind;
pub mod compare;
pub mod db;
mod fingerprint;
pub mod gate;
mod git;
mod measure;
mod promises;
pub mod record;
pub mod report;
mod specification;
mod stats;
pub mod suites;

use std::path::PathBuf;

/// Where builds, guest code and the database are kept.
pub fn directory() -> PathBuf {
    crate::workspace::target().join("perf")
}

/// Where the database is unless another place is named.
pub fn database() -> PathBuf {
    directory().join("measurements.db")
}
