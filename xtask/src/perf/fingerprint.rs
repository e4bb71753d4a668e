//! What a measurement depends on besides Trine: the machine, the compiler, and the guest
//! code that is worked on.

use std::{fs, path::Path};

use anyhow::Result;
use sha2::{Digest as _, Sha256};
use vm_bench::code::GuestCode;

use crate::{bench::host, process};

/// A machine, as far as measurements tell it from others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// The processor's name and the extensions that generated code may use.
    pub cpu: String,
    /// Processors that this process may use.
    pub cores: u32,
    /// The kernel's release.
    pub kernel: String,
    /// The compiler's version.
    pub rustc: String,
    /// Of the guest code.
    pub code: String,
}

/// Extensions that change which code runs.
const EXTENSIONS: [&str; 8] = [
    "avx2",
    "avx512f",
    "bmi1",
    "bmi2",
    "abm",
    "fma",
    "pclmulqdq",
    "erms",
];

impl Fingerprint {
    /// This machine's, with the guest code in that directory.
    ///
    /// # Errors
    /// If the compiler cannot be asked or the code cannot be read.
    pub fn here(code: &Path) -> Result<Self> {
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let rustc = process::output(process::command("rustc").arg("--version"))?;
        Ok(Self {
            cpu: format!("{} ({})", host::processor(), extensions()),
            cores: std::thread::available_parallelism().map_or(1, |n| n.get() as u32),
            kernel: kernel.trim().to_owned(),
            rustc: rustc.trim().to_owned(),
            code: digest(code)?,
        })
    }
}

/// The start of a digest of the guest code, enough to tell versions apart.
fn digest(directory: &Path) -> Result<String> {
    let GuestCode { kernel, busybox } = GuestCode::load(directory)?;
    let digest = Sha256::new()
        .chain_update(kernel)
        .chain_update(busybox)
        .finalize();
    Ok(hex::encode(&digest[..6]))
}

fn extensions() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let flags = info.lines().find(|line| line.starts_with("flags"));
    let flags: Vec<&str> = flags.unwrap_or_default().split_whitespace().collect();
    let present = EXTENSIONS.into_iter().filter(|name| flags.contains(name));
    present.collect::<Vec<_>>().join(" ")
}
