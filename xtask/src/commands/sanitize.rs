//! `cargo xtask sanitize`.

use std::{fs, path::Path};

use anyhow::Result;
use clap::Args;

use crate::{process, workspace};

/// The target: the compiler wants it named, so that build scripts go without.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// What the thread sanitizer says of the standard library's test harness, whose
/// code it does not see.
const SUPPRESSIONS: &str = "\
race:Arc<std::sync::poison::mutex::Mutex<core::option::Option<test::run_test
race:test::event::CompletedTest
";

/// A sanitizer of LLVM's, and the tests that run under it.
struct Sanitizer {
    name: &'static str,
    /// Arguments of `cargo test`.
    tests: &'static [&'static [&'static str]],
}

/// The thread sanitizer does not see what the standard library does, nor generated code:
/// it gets tests in which threads meet in code of ours alone.
const SANITIZERS: [Sanitizer; 2] = [
    Sanitizer {
        name: "thread",
        tests: &[&["-p", "vm-mem", "--lib", "ram"]],
    },
    Sanitizer {
        name: "address",
        tests: &[
            &["-p", "vm-mem", "--lib"],
            &[
                "-p",
                "vm-engine",
                "--lib",
                "--test",
                "engine",
                "--test",
                "engine_jit",
            ],
        ],
    },
];

/// Runs tests under the sanitizers of the installed compiler, for what Miri would be
/// used for: accesses by address, and races for guest memory
#[derive(Debug, Args)]
pub struct Sanitize {
    /// Only this one: thread or address
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
}

impl Sanitize {
    /// Runs it.
    ///
    /// # Errors
    /// What a sanitizer finds, or a test that fails.
    pub fn run(&self) -> Result<()> {
        let chosen = |sanitizer: &&Sanitizer| match &self.only {
            Some(only) => sanitizer.name == only,
            None => true,
        };
        for sanitizer in SANITIZERS.iter().filter(chosen) {
            for tests in sanitizer.tests {
                sanitizer.test(tests)?;
            }
        }
        Ok(())
    }
}

/// Has the thread sanitizer leave out [`SUPPRESSIONS`].
fn suppress(directory: &Path) -> Result<String> {
    fs::create_dir_all(directory)?;
    let file = directory.join("suppressions");
    fs::write(&file, SUPPRESSIONS)?;
    Ok(format!("suppressions={}", file.display()))
}

impl Sanitizer {
    fn test(&self, arguments: &[&str]) -> Result<()> {
        let mut cargo = process::cargo();
        let directory = workspace::root().join("target/sanitize").join(self.name);
        cargo.env("CARGO_TARGET_DIR", &directory);
        cargo.env("TSAN_OPTIONS", suppress(&directory)?);
        // Sanitizers are not stable yet, but every compiler has them.
        cargo.env("RUSTC_BOOTSTRAP", "1");
        // The standard library is linked as it is.
        let flags = format!(
            "-Zsanitizer={} -Cunsafe-allow-abi-mismatch=sanitizer",
            self.name
        );
        cargo.env("RUSTFLAGS", flags);
        cargo.args(["test", "--target", TARGET]).args(arguments);
        process::run(&mut cargo)
    }
}
