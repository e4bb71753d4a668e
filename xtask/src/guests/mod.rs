//! The self-checking programs of `guests/riscv64/isa`: their sources are
//! assembled here, the results are kept in the repository, so that testing
//! needs no cross assembler.

mod build;
mod digest;
mod harness;
mod judge;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

pub use build::build;
pub use digest::stale;
pub use judge::judge;

use crate::workspace;

/// A program, one source file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The name of its files, without extension.
    pub name: String,
}

impl Program {
    /// All programs, by name.
    ///
    /// # Errors
    /// If the directory cannot be read.
    pub fn all() -> Result<Vec<Self>> {
        let directory = directory();
        let entries = fs::read_dir(&directory)
            .with_context(|| format!("cannot read {}", directory.display()))?;
        let mut programs = Vec::new();
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|e| e == "S")
                && let Some(name) = path.file_stem().and_then(|name| name.to_str())
            {
                let name = name.to_owned();
                programs.push(Self { name });
            }
        }
        programs.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(programs)
    }

    /// Its source.
    pub fn source(&self) -> PathBuf {
        directory().join(&self.name).with_extension("S")
    }

    /// What it is assembled to.
    pub fn elf(&self) -> PathBuf {
        directory()
            .join("elf")
            .join(&self.name)
            .with_extension("elf")
    }

    /// How many harts it needs: the number in `smp4_lock`, else one.
    pub fn harts(&self) -> u32 {
        let digit = self.name.strip_prefix("smp").and_then(|n| n.chars().next());
        digit.and_then(|digit| digit.to_digit(10)).unwrap_or(1)
    }
}

/// Where the sources are.
fn directory() -> PathBuf {
    workspace::root().join("guests/riscv64/isa")
}

/// What all programs are linked with.
fn layout() -> PathBuf {
    directory().join("layout.ld")
}

/// Where their common parts are.
fn includes() -> PathBuf {
    directory().join("include")
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_harts() {
        let harts = |name: &str| {
            let name = name.to_owned();
            Program { name }.harts()
        };
        assert_eq!(harts("smp4_lock"), 4);
        assert_eq!(harts("smp2_code"), 2);
        assert_eq!(harts("sstc"), 1);
    }

    #[test]
    fn what_is_kept_is_what_the_sources_say() {
        let stale: Vec<_> = stale().unwrap();
        assert!(stale.is_empty(), "run `cargo xtask guests`: {stale:?}");
        assert!(!Program::all().unwrap().is_empty());
    }
}
