//! Debian's Rust compiler with the standard libraries of other architectures, for
//! machines on which `rustup` cannot add them.

use std::{path::Path, process::Command};

use anyhow::{Context as _, Result};
use vm_core::GuestArch;

use super::{compilers, debian::Source};

const SUITE: &str = "trixie";

/// A command that compiles a program for Linux on `arch`, linked statically.
///
/// # Errors
/// If the compiler has to be downloaded and cannot be.
pub fn static_program(arch: GuestArch, source: &Path, made: &Path) -> Result<Command> {
    let (library, foreign, target): (_, &'static [&'static str], _) = match arch {
        // The compiler brings the library of its own machine along.
        GuestArch::X86_64 => ("libstd-rust-dev:riscv64", &["riscv64"], "x86_64"),
        GuestArch::Riscv64 => ("libstd-rust-dev:riscv64", &["riscv64"], "riscv64gc"),
        GuestArch::Aarch64 => ("libstd-rust-dev:arm64", &["arm64"], "aarch64"),
    };
    let debian = Source {
        foreign,
        ..Source::new(SUITE, "amd64")
    };
    let unpacked = debian
        .unpack(&["rustc", library])
        .with_context(|| format!("cannot get a Rust compiler for {arch}"))?;
    let mut rustc = unpacked.program("usr/bin/rustc")?;
    rustc.arg("--sysroot").arg(unpacked.root().join("usr"));
    rustc.arg(format!("--target={target}-unknown-linux-gnu"));
    rustc.arg(format!("-Clinker={}", compilers::c_compiler(arch)?));
    rustc.args(["-Ctarget-feature=+crt-static", "-Crelocation-model=static"]);
    rustc.args(["--edition=2021", "-Copt-level=2", "-Cstrip=symbols"]);
    let name = made.file_name().unwrap_or_default().to_string_lossy();
    rustc.arg(format!("--crate-name={}", name.replace('-', "_")));
    rustc.arg(source).arg("-o").arg(made);
    Ok(rustc)
}
