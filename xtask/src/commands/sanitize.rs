//! `cargo xtask sanitize`.

use std::{fs, path::Path};

use anyhow::Result;
use clap::Args;

use crate::{process, workspace};

/// The target: the compiler wants it named, so that build scripts go without.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// The standard library is linked as it is. Sanitizers are not stable yet, but every
/// compiler has them.
const FLAGS: &str = "-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer";

/// It does not see what the standard library does, nor generated code: tests in which
/// threads meet in code of ours alone.
const TESTS: [&str; 4] = ["-p", "vm-mem", "--lib", "ram"];

/// What it says of the standard library's test harness.
const SUPPRESSIONS: &str = "\
race:Arc<std::sync::poison::mutex::Mutex<core::option::Option<test::run_test
race:test::event::CompletedTest
";

/// Runs the tests of guest RAM under the thread sanitizer of the installed compiler
#[derive(Debug, Args)]
pub struct Sanitize {}

impl Sanitize {
    /// Runs it.
    ///
    /// # Errors
    /// A race, or a test that fails.
    pub fn run(&self) -> Result<()> {
        let directory = workspace::root().join("target/sanitize/thread");
        let mut cargo = process::cargo();
        cargo.env("CARGO_TARGET_DIR", &directory);
        cargo.env("TSAN_OPTIONS", suppress(&directory)?);
        cargo.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", FLAGS);
        cargo.args(["test", "--target", TARGET]).args(TESTS);
        process::run(&mut cargo)
    }
}

/// Has the sanitizer leave out [`SUPPRESSIONS`].
fn suppress(directory: &Path) -> Result<String> {
    fs::create_dir_all(directory)?;
    let file = directory.join("suppressions");
    fs::write(&file, SUPPRESSIONS)?;
    Ok(format!("suppressions={}", file.display()))
}
