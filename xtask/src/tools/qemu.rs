//! QEMU, the peer that Trine is compared with.

use std::{path::PathBuf, process::Command};

use anyhow::{Context as _, Result};

use super::debian::Source;
use crate::process;

/// Names another `qemu-system-riscv64` to use.
pub const VARIABLE: &str = "QEMU";

/// Debian 13 has the same QEMU 10 as the backports of Debian 12.
const SOURCE: Source = Source::new("trixie", "amd64");
const PACKAGE: &str = "qemu-system-riscv";
const PROGRAM: &str = "usr/bin/qemu-system-riscv64";
const FIRMWARE: &str = "usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin";
const DATA: &str = "usr/share/qemu";

/// Names another `qemu-aarch64` to use.
pub const AARCH64_VARIABLE: &str = "QEMU_AARCH64";

const USER_PACKAGE: &str = "qemu-user";
const USER_AARCH64: &str = "usr/bin/qemu-aarch64";

/// A QEMU for riscv64 guests, ready to be given a machine.
#[derive(Debug, Clone)]
pub struct Qemu {
    program: Vec<PathBuf>,
}

/// The QEMU to use: `$QEMU`, else Debian's version 10 under `target/tools`,
/// downloaded if it is not there yet.
///
/// # Errors
/// If it has to be downloaded and cannot be.
pub fn system_riscv64() -> Result<Qemu> {
    if let Some(named) = std::env::var_os(VARIABLE) {
        let program = vec![PathBuf::from(named)];
        return Ok(Qemu { program });
    }
    let unpacked = SOURCE.unpack(&[PACKAGE]).with_context(|| {
        format!("cannot get QEMU; set {VARIABLE} to a qemu-system-riscv64 that is already there")
    })?;
    let command = unpacked.program(PROGRAM)?;
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let mut program: Vec<PathBuf> = words.map(PathBuf::from).collect();
    // Below another root, it finds neither by itself.
    program.extend(["-L".into(), unpacked.file(DATA)?]);
    program.extend(["-bios".into(), unpacked.file(FIRMWARE)?]);
    Ok(Qemu { program })
}

/// A program that runs Linux programs for AArch64: `$QEMU_AARCH64`, else Debian's under
/// `target/tools`, downloaded if it is not there yet.
///
/// # Errors
/// If it has to be downloaded and cannot be.
pub fn user_aarch64() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os(AARCH64_VARIABLE) {
        return Ok(named.into());
    }
    let unpacked = SOURCE.unpack(&[USER_PACKAGE]).with_context(|| {
        format!("cannot get QEMU; set {AARCH64_VARIABLE} to a qemu-aarch64 that is already there")
    })?;
    // Linked statically, it needs no loader.
    unpacked.file(USER_AARCH64)
}

impl Qemu {
    /// The program, and the options that tell it where its own files are.
    pub fn command(&self) -> Command {
        let mut words = self.program.iter();
        let mut command = process::command(words.next().map_or("qemu".into(), PathBuf::clone));
        command.args(words);
        command
    }

    /// The first line that it says about its version.
    ///
    /// # Errors
    /// If it does not run.
    pub fn version(&self) -> Result<String> {
        let text = process::output(self.command().arg("--version"))?;
        Ok(text.lines().next().unwrap_or_default().to_owned())
    }
}
