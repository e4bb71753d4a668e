//! All of it as JSON, with what is needed to make sense of it later.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context as _, Result};
use serde::Serialize;
use vm_core::GuestArch;
use vm_image::Image;

use super::{
    Options, boot, host,
    machine::{Emulator, Kind},
    results::{Failure, Mean, Results, Row},
};
use crate::{process, tools::compilers, workspace};

/// What is written.
#[derive(Debug, Serialize)]
pub struct Record {
    commit: String,
    /// Whether the work tree differed from the commit.
    modified: bool,
    date: String,
    processor: String,
    versions: BTreeMap<&'static str, String>,
    scale: f64,
    repeat: u32,
    memory_mib: u32,
    trine_options: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    programs: Vec<Row>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    geometric_means: BTreeMap<String, Vec<Mean>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failures: Vec<Failure>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    boots: Vec<boot::Measured>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    boot_ratios: Vec<boot::Ratio>,
}

impl Record {
    /// A record without results.
    ///
    /// # Errors
    /// If git or an emulator cannot be asked.
    pub fn new(options: &Options, emulators: &[Emulator], image: &Image) -> Result<Self> {
        let git = |arguments: &[&str]| {
            let mut git = process::command("git");
            process::output(git.current_dir(workspace::root()).args(arguments))
        };
        let mut versions = BTreeMap::new();
        for emulator in emulators {
            versions.insert(emulator.kind().name(), emulator.version()?);
        }
        let packages = image.manifest.packages.iter();
        let packages: Vec<String> = packages
            .map(|package| format!("{} {}", package.name, package.version))
            .collect();
        versions.insert("guest", packages.join(", "));
        let compiler = compilers::c_compiler(GuestArch::Riscv64)?;
        let compiler = process::output(process::command(compiler).arg("--version"))?;
        versions.insert("compiler", compiler.lines().next().unwrap_or("").to_owned());
        Ok(Self {
            commit: git(&["rev-parse", "HEAD"])?.trim().to_owned(),
            modified: !git(&["status", "--porcelain"])?.is_empty(),
            date: process::output(process::command("date").args(["-u", "+%Y-%m-%dT%H:%M:%SZ"]))?
                .trim()
                .to_owned(),
            processor: host::processor(),
            versions,
            scale: options.scale,
            repeat: options.repeat,
            memory_mib: options.memory,
            trine_options: options.trine_options.clone(),
            programs: Vec::new(),
            geometric_means: BTreeMap::new(),
            failures: Vec::new(),
            boots: Vec::new(),
            boot_ratios: Vec::new(),
        })
    }

    /// With the suite's results.
    pub fn with_programs(mut self, results: &Results, machines: &[Kind]) -> Self {
        self.programs.clone_from(&results.rows);
        self.failures.clone_from(&results.failures);
        for (at, a) in machines.iter().enumerate() {
            for b in machines.iter().skip(at + 1) {
                let name = format!("{}/{}", a.name(), b.name());
                self.geometric_means.insert(name, results.means(*a, *b));
            }
        }
        self
    }

    /// With the measured starts.
    pub fn with_boots(mut self, measured: &[boot::Measured]) -> Self {
        self.boots = measured.to_vec();
        self.boot_ratios = boot::ratios(measured);
        self
    }

    /// Writes it.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
    }
}
