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
use crate::{
    process,
    tools::{compilers, rustc},
    workspace,
};

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
    let out = directory().join(arch.to_string());
    fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    compile_c(arch, &source(COMMAND, "c"), &out.join(COMMAND))?;
    for program in programs {
        let made = out.join(program.name);
        match program.origin {
            Origin::C => compile_c(arch, &source(program.name, "c"), &made)?,
            Origin::Generated => compile_c(arch, &generated(program.name)?, &made)?,
            Origin::Rust => compile_rust(arch, &source(program.name, "rs"), &made)?,
            Origin::Package(_) => {}
        }
    }
    Ok(out)
}

/// The source of a program.
pub fn source(name: &str, extension: &str) -> PathBuf {
    sources().join("src").join(format!("{name}.{extension}"))
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

fn compile_c(arch: GuestArch, source_file: &Path, made: &Path) -> Result<()> {
    let header = source("bench", "h");
    if is_newer(made, &[source_file, &header])? {
        return Ok(());
    }
    let mut command = process::command(compilers::c_compiler(arch)?);
    command
        .args(FLAGS)
        .arg("-I")
        .arg(header.parent().unwrap_or(&header));
    command.arg(source_file).arg("-o").arg(made).arg("-lm");
    process::run(&mut command)
}

fn compile_rust(arch: GuestArch, source_file: &Path, made: &Path) -> Result<()> {
    if is_newer(made, &[source_file, &source("bench", "rs")])? {
        return Ok(());
    }
    process::run(&mut rustc::static_program(arch, source_file, made)?)
}

/// Whether `made` exists and was made after the last change of its inputs and of
/// this program, which knows the compilers' options.
fn is_newer(made: &Path, inputs: &[&Path]) -> Result<bool> {
    let time = |path: &Path| -> Option<SystemTime> { path.metadata().ok()?.modified().ok() };
    let Some(made) = time(made) else {
        return Ok(false);
    };
    let own = std::env::current_exe()?;
    let mut inputs = inputs.iter().copied().chain([own.as_path()]);
    Ok(inputs.all(|input| time(input).is_some_and(|input| input < made)))
}
