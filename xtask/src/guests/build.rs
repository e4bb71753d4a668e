//! Assembling.

use std::{ffi::OsString, fs};

use anyhow::{Context as _, Result, ensure};

use super::{Program, digest, harness, includes, layout};
use crate::process;

/// Debian's package `gcc-riscv64-linux-gnu` has these.
pub(super) const COMPILER: &str = "riscv64-linux-gnu-gcc";
pub(super) const OBJCOPY: &str = "riscv64-linux-gnu-objcopy";

/// What binutils 2.40 can assemble; programs spell the rest with `.insn`.
pub(super) const ISA: &str = "rv64gc_zba_zbb_zbc_zbs_zicbom_zicboz_zawrs_svinval";

/// A program is a test, not a library.
const MAX_BYTES: u64 = 16 << 10;

/// Assembles all programs and records what they were made from.
///
/// # Errors
/// If the cross assembler is not installed, a program does not assemble or is
/// too large.
pub fn build() -> Result<()> {
    ensure!(
        process::find(COMPILER).is_some(),
        "{COMPILER} is not installed; Debian's package gcc-riscv64-linux-gnu has it"
    );
    let temporary = tempfile::tempdir().context("cannot make a temporary directory")?;
    for program in Program::all()? {
        let linked = temporary.path().join(&program.name);
        let mut compiler = process::command(COMPILER);
        compiler.args(["-nostdlib", "-static", "-fno-pic", "-no-pie"]);
        compiler.args([
            "-mcmodel=medany",
            "-mno-relax",
            "-mabi=lp64d",
            "-march=rv64gc",
        ]);
        compiler.arg(format!("-Wa,-march={ISA}"));
        compiler.args([
            "-Wl,--no-relax,--build-id=none",
            "-Wl,--no-warn-rwx-segments",
        ]);
        compiler.args(["-Wl,-z,max-page-size=4096", "-Wl,-z,norelro"]);
        compiler.arg("-I").arg(includes());
        compiler.arg("-T").arg(layout());
        compiler.arg(program.source()).arg("-o").arg(&linked);
        process::run(&mut compiler)?;
        keep(&program, linked.into())?;
    }
    harness::build()?;
    digest::record()
}

/// Strips the linked program of all symbols but those that debuggers of the
/// interface to its host need.
fn keep(program: &Program, linked: OsString) -> Result<()> {
    let elf = program.elf();
    if let Some(directory) = elf.parent() {
        fs::create_dir_all(directory)?;
    }
    let mut objcopy = process::command(OBJCOPY);
    objcopy.args([
        "--strip-all",
        "--keep-symbol=tohost",
        "--keep-symbol=fromhost",
    ]);
    process::run(objcopy.arg(linked).arg(&elf))?;
    let bytes = fs::metadata(&elf)?.len();
    let name = &program.name;
    ensure!(
        bytes <= MAX_BYTES,
        "{name} has {bytes} bytes, more than {MAX_BYTES}: make two programs of it"
    );
    Ok(())
}
