//! Compiling the suite's own programs.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::{Context as _, Result};
use vm_core::GuestArch;

use super::{
    large,
    suite::{Origin, Program},
};
use crate::{process, tools::compilers, workspace};

/// The program that measures those of others.
pub const COMMAND: &str = "command";

/// As distributions compile, but for one thing: without `-ffp-contract=off` a
/// compiler may fuse multiplications with additions, and the last bits of
/// results would depend on the architecture.
const FLAGS: [&str; 6] = [
    "-O2",
    "-static",
    "-s",
    "-ffp-contract=off",
    "-pthread",
    "-Wall",
];

/// Where the suite's sources are.
pub fn sources() -> PathBuf {
    workspace::root().join("guests/bench")
}

/// Where what is made of them is kept.
pub fn directory() -> PathBuf {
    workspace::target().join("bench")
}

/// Compiles what is out of date of `programs`, and [`COMMAND`]; returns the
/// directory with the executable files.
///
/// # Errors
/// If there is no compiler, or it fails.
pub fn programs(arch: GuestArch, programs: &[Program]) -> Result<PathBuf> {
    let compiler = compilers::c_compiler(arch)?;
    let out = directory().join(arch.to_string());
    fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    let source = |name: &str| sources().join("src").join(name).with_extension("c");
    compile(compiler, &source(COMMAND), &out.join(COMMAND))?;
    for program in programs {
        let made = out.join(program.name);
        match program.origin {
            Origin::C => compile(compiler, &source(program.name), &made)?,
            Origin::Generated => compile(compiler, &generated(program.name)?, &made)?,
            Origin::Package(_) => {}
        }
    }
    Ok(out)
}

/// The source of a generated program, written if it is not there or another.
fn generated(name: &str) -> Result<PathBuf> {
    let path = directory().join(name).with_extension("c");
    let text = large::source();
    if fs::read_to_string(&path).ok().as_ref() != Some(&text) {
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(path)
}

fn compile(compiler: &str, source: &Path, made: &Path) -> Result<()> {
    let header = sources().join("src");
    let inputs = [source, &header.join("bench.h"), &std::env::current_exe()?];
    if is_newer(made, &inputs) {
        return Ok(());
    }
    let mut command = process::command(compiler);
    command.args(FLAGS).arg("-I").arg(header);
    command.arg(source).arg("-o").arg(made).arg("-lm");
    process::run(&mut command)
}

/// Whether `made` exists and was made after the last change of its inputs.
fn is_newer(made: &Path, inputs: &[&Path]) -> bool {
    let time = |path: &Path| -> Option<SystemTime> { path.metadata().ok()?.modified().ok() };
    let Some(made) = time(made) else {
        return false;
    };
    inputs
        .iter()
        .all(|input| time(input).is_some_and(|input| input < made))
}
