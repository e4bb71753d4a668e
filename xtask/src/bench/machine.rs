//! The machines that are compared: how each one is started.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};
use serde::Serialize;

use crate::{process, tools::qemu::Qemu};

/// What runs the programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Trine.
    Trine,
    /// QEMU's TCG.
    Qemu,
    /// The host itself.
    Native,
}

impl Kind {
    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trine => "Trine",
            Self::Qemu => "QEMU",
            Self::Native => "native",
        }
    }
}

/// A program that emulates a riscv64 machine.
#[derive(Debug, Clone)]
pub enum Emulator {
    /// The `trine` program and more options for it.
    Trine {
        /// The program.
        program: PathBuf,
        /// Options of `trine run`.
        options: Vec<String>,
    },
    /// QEMU.
    Qemu(Qemu),
}

/// A guest: the same for every emulator.
#[derive(Debug, Clone)]
pub struct Guest {
    /// The kernel.
    pub kernel: PathBuf,
    /// Its initial file system.
    pub initrd: PathBuf,
    /// Its command line.
    pub cmdline: String,
    /// MiB of memory.
    pub memory: u32,
}

impl Emulator {
    /// Which one it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Trine { .. } => Kind::Trine,
            Self::Qemu(_) => Kind::Qemu,
        }
    }

    /// What it says about its version.
    ///
    /// # Errors
    /// If it does not run.
    pub fn version(&self) -> Result<String> {
        match self {
            Self::Trine { program, .. } => {
                let text = process::output(process::command(program).arg("--version"))?;
                Ok(text.trim().to_owned())
            }
            Self::Qemu(qemu) => qemu.version(),
        }
    }

    /// The command that starts `guest`, its console on standard input and output.
    pub fn command(&self, guest: &Guest) -> Command {
        match self {
            Self::Trine { program, options } => trine(program, options, guest),
            Self::Qemu(qemu) => with_qemu(qemu, guest),
        }
    }
}

fn trine(program: &Path, options: &[String], guest: &Guest) -> Command {
    let mut command = process::command(program);
    command.args(["run", "--cpus", "1", "--no-reboot", "--memory"]);
    command.arg(format!("{}M", guest.memory));
    command.arg("--kernel").arg(&guest.kernel);
    command.arg("--initrd").arg(&guest.initrd);
    command.arg("--append").arg(&guest.cmdline);
    command.args(options);
    command
}

/// The board and the devices that Trine has; firmware is what QEMU needs to
/// start Linux at all.
fn with_qemu(qemu: &Qemu, guest: &Guest) -> Command {
    let mut command = qemu.command();
    command.args(["-M", "virt", "-cpu", "rv64", "-accel", "tcg", "-smp", "1"]);
    command.args(["-display", "none", "-monitor", "none", "-serial", "stdio"]);
    command.args(["-nic", "none", "-device", "virtio-rng-pci", "-no-reboot"]);
    command.arg("-m").arg(guest.memory.to_string());
    command.arg("-kernel").arg(&guest.kernel);
    command.arg("-initrd").arg(&guest.initrd);
    command.arg("-append").arg(&guest.cmdline);
    command
}

/// The `trine` program of this repository, built as it is released.
///
/// # Errors
/// If it does not compile.
pub fn build_trine() -> Result<PathBuf> {
    let mut cargo = process::cargo();
    cargo.args(["build", "--release", "--quiet", "--package", "vm-cli"]);
    process::run(&mut cargo).context("cannot build trine")?;
    Ok(crate::workspace::target().join("release/trine"))
}
