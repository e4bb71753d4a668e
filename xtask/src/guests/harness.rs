//! The fuzzer's harness, see [`crate::fuzz`].

use std::path::PathBuf;

use anyhow::Result;

use super::build::{COMPILER, ISA, OBJCOPY};
use crate::{process, workspace};

/// What the fuzzer and the simulators look for.
const SYMBOLS: [&str; 8] = [
    "tohost",
    "fromhost",
    "begin_signature",
    "end_signature",
    "payload",
    "root39",
    "root48",
    "root57",
];

fn file(name: &str) -> PathBuf {
    workspace::root().join("guests/riscv64/fuzz").join(name)
}

/// What it is made from.
pub(super) fn sources() -> Vec<PathBuf> {
    vec![file("harness.S"), file("layout.ld")]
}

/// What it is assembled to.
pub(super) fn elf() -> PathBuf {
    file("harness.elf")
}

/// Assembles it.
pub(super) fn build() -> Result<()> {
    let temporary = tempfile::tempdir()?;
    let linked = temporary.path().join("harness");
    let mut compiler = process::command(COMPILER);
    compiler.args(["-nostdlib", "-static", "-fno-pic", "-no-pie"]);
    compiler.arg(format!("-Wa,-march={ISA}"));
    compiler.args(["-Wl,-n,--no-relax,--build-id=none", "-T"]);
    compiler.arg(file("layout.ld")).arg(file("harness.S"));
    process::run(compiler.arg("-o").arg(&linked))?;
    let mut objcopy = process::command(OBJCOPY);
    objcopy.arg("--strip-all");
    for symbol in SYMBOLS {
        objcopy.arg(format!("--keep-symbol={symbol}"));
    }
    process::run(objcopy.arg(linked).arg(elf()))
}
