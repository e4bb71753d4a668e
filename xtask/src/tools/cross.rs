//! Checks the workspace for other hosts: Debian's newest Rust compiler, with the sources
//! of its standard library, which cargo compiles for whatever target is asked for.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use super::debian::{Source, Unpacked};
use crate::process;

const PACKAGES: [&str; 3] = ["rustc", "rust-src", "binutils-mingw-w64-x86-64"];
/// Makes the import libraries of Windows' system libraries, and runs the assembler.
const DLLTOOL: &str = "x86_64-w64-mingw32-dlltool";
const ASSEMBLER: &str = "x86_64-w64-mingw32-as";

/// Stands in for the C compilers of other systems, whose headers nobody may pass on.
///
/// Dependencies with C in them compile it in their build scripts, and what comes of
/// that matters to a linker alone; a check never gets there. So every object is empty.
const C_COMPILER: &str = "\
#!/bin/sh
for word; do
    if [ \"$last\" = -o ]; then : > \"$word\"; exit; fi
    last=$word
done
exit 1
";

/// The compiler and what else a check runs.
#[derive(Debug)]
pub struct Cross {
    bin: PathBuf,
}

impl Cross {
    /// Gets what is not there yet.
    ///
    /// # Errors
    /// If something has to be downloaded and cannot be.
    pub fn get() -> Result<Self> {
        let unpacked = Source::NEWEST
            .unpack(&PACKAGES)
            .context("cannot get a Rust compiler with its library's sources")?;
        let cross = Self {
            bin: super::directory().join("cross"),
        };
        cross.write_programs(&unpacked)?;
        Ok(cross)
    }

    fn write_programs(&self, unpacked: &Unpacked) -> Result<()> {
        let sysroot = unpacked.root().join("usr");
        let script = |name: &str, arguments: &[&Path]| {
            let program = format!("usr/bin/{name}");
            unpacked.write_script_with(&program, arguments, &self.program(name))
        };
        script("rustc", &["--sysroot".as_ref(), &sysroot])?;
        script(ASSEMBLER, &[])?;
        script(DLLTOOL, &["-S".as_ref(), &self.program(ASSEMBLER)])?;
        // Build scripts tell by its name which options it understands.
        process::write_executable(&self.program("clang"), C_COMPILER)
    }

    fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// `cargo check` for `targets`; what to check is to be added.
    pub fn check(&self, targets: &[&str]) -> Result<Command> {
        let mut cargo = process::cargo();
        // Sources of the standard library are used by cargo's unstable options alone.
        cargo.env("RUSTC_BOOTSTRAP", "1");
        cargo.env("RUSTC", self.program("rustc"));
        cargo.env_remove("RUSTFLAGS");
        cargo.env("CARGO_TARGET_DIR", crate::workspace::target().join("hosts"));
        cargo.env("PATH", self.path()?);
        // Apple's linker would be asked where its libraries are.
        cargo.env("SDKROOT", &self.bin);
        // Nothing is run, so nothing is optimised.
        for setting in [
            "profile.dev.debug=false",
            "profile.dev.package.\"*\".opt-level=0",
            "build.warnings=\"deny\"",
        ] {
            cargo.args(["--config", setting]);
        }
        cargo.args(["check", "--locked", "-Zwarnings"]);
        cargo.arg("-Zbuild-std=std,panic_unwind");
        for target in targets {
            let variable = target.replace('-', "_");
            cargo.env(format!("CC_{variable}"), self.program("clang"));
            cargo.env(format!("AR_{variable}"), "ar");
            cargo.args(["--target", target]);
        }
        Ok(cargo)
    }

    /// The search path, with the programs on it that the compiler looks for.
    fn path(&self) -> Result<OsString> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let all = std::iter::once(self.bin.clone()).chain(std::env::split_paths(&path));
        std::env::join_paths(all).context("the search path is not to be extended")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_c_compiler_makes_empty_objects_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let (compiler, object) = (directory.path().join("clang"), directory.path().join("o"));
        process::write_executable(&compiler, C_COMPILER).unwrap();
        let mut compile = process::command(&compiler);
        process::run(compile.args(["-c", "a.c", "-o"]).arg(&object)).unwrap();
        assert_eq!(object.metadata().unwrap().len(), 0);
        process::run(process::command(&compiler).arg("-E")).unwrap_err();
    }
}
