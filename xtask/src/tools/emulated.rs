//! Runs the project's tests as programs of another host's architecture: Debian's Rust
//! compiler and its standard library for that architecture, and QEMU's emulation of one
//! program.

use std::{path::PathBuf, process::Command};

use anyhow::{Context as _, Result};
use vm_core::GuestArch;

use super::{
    compilers,
    debian::{Source, Unpacked},
    qemu,
};
use crate::{process, workspace};

/// Newer than what the project asks for at least, and the compiler and the library of the
/// other architecture are always of one version there.
const SUITE: &str = "forky";
const TARGET: &str = "aarch64-unknown-linux-gnu";

/// A compiler for AArch64, and what runs its programs.
#[derive(Debug)]
pub struct Emulated {
    compiler: Unpacked,
    linker: &'static str,
    qemu: PathBuf,
}

impl Emulated {
    /// Gets what is not there yet.
    ///
    /// # Errors
    /// If something has to be downloaded or installed and cannot be.
    pub fn aarch64() -> Result<Self> {
        let source = Source {
            foreign: &["arm64"],
            ..Source::new(SUITE, "amd64")
        };
        let compiler = source
            .unpack(&["rustc", "libstd-rust-dev:arm64"])
            .context("cannot get a Rust compiler for AArch64")?;
        Ok(Self {
            compiler,
            linker: compilers::c_compiler(GuestArch::Aarch64)?,
            qemu: qemu::user_aarch64()?,
        })
    }

    /// `cargo test`; what to test is to be added.
    ///
    /// # Errors
    /// If a part is missing.
    pub fn test(&self) -> Result<Command> {
        let directory = super::directory().join("emulated");
        let rustc = directory.join("rustc");
        let sysroot = self.compiler.root().join("usr");
        let options = ["--sysroot".as_ref(), sysroot.as_path()];
        self.compiler
            .write_script_with("usr/bin/rustc", &options, &rustc)?;
        let mut cargo = process::cargo();
        cargo.env("RUSTC", rustc);
        cargo.env_remove("RUSTFLAGS");
        cargo.env("CARGO_TARGET_DIR", workspace::target().join("emulated"));
        let setting = |name: &str| {
            let target = TARGET.replace('-', "_").to_uppercase();
            format!("CARGO_TARGET_{target}_{name}")
        };
        cargo.env(setting("LINKER"), self.linker);
        cargo.env(setting("RUNNER"), &self.qemu);
        // No library of that architecture is installed, nor is one needed. What the C
        // library says of that is not about what is tested.
        cargo.env(
            setting("RUSTFLAGS"),
            "-Ctarget-feature=+crt-static -Alinker-messages",
        );
        // What is compiled once and hardly runs is compiled fast; it takes more stack.
        cargo.env("RUST_MIN_STACK", "33554432");
        for setting in [
            "profile.dev.debug=false",
            "profile.dev.package.\"*\".opt-level=0",
        ] {
            cargo.args(["--config", setting]);
        }
        cargo.args(["test", "--locked", "--target", TARGET]);
        Ok(cargo)
    }
}
