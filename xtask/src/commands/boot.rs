//! `cargo xtask boot`: the real Debian kernel, started as a user would.

use std::{
    fs,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    process::Stdio,
    time::Instant,
};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use sha2::{Digest as _, Sha256};
use vm_core::GuestArch;
use vm_image::{Image, ImageRef, PullOptions, Silent, default_cache_dir};

use crate::{process, tools::debian, workspace};

/// Bytes that the guest writes to its disk.
const DISK_BYTES: u64 = 64 << 20;

/// Host memory beside guest RAM and generated code that one vCPU's machine may
/// take, in bytes.
const MEMORY_LIMIT: u64 = 64 << 20;

/// What the guest does. Short: the kernel's command line holds 1024 bytes.
const SCRIPT: &str = "uname -a; cat /proc/cpuinfo
for d in /sys/bus/pci/devices/*; do echo pci ${d##*/} $(cat $d/vendor $d/device $d/class); done
dd if=/dev/urandom of=/dev/vda bs=1M count=64 conv=fsync 2>/dev/null &&
echo 3 >/proc/sys/vm/drop_caches &&
echo disk $(dd if=/dev/vda bs=1M count=64 2>/dev/null | sha256sum)";

/// Boots the default guest with 1 and 4 vCPUs and with OpenSBI, looks at its
/// devices, checks 64 MiB on a disk and powers off.
#[derive(Debug, Default, Args)]
pub struct Boot {
    /// Show what the guests print
    #[arg(long)]
    show: bool,
}

struct Scenario {
    name: &'static str,
    cpus: u32,
    options: Vec<String>,
}

impl Boot {
    /// Runs the command.
    ///
    /// # Errors
    /// The first expectation that a guest does not meet.
    pub fn run(&self) -> Result<()> {
        let trine = build()?;
        let image = pull()?;
        for scenario in scenarios()? {
            let start = Instant::now();
            let output = self.boot(&trine, &image, &scenario)?;
            let seconds = start.elapsed().as_secs_f64();
            check(&scenario, &output)?;
            println!("boot: {}: ok, {seconds:.1} s", scenario.name);
        }
        Ok(())
    }

    /// Starts the guest, waits for its power-off, and compares what it read
    /// from its disk with what the disk holds.
    fn boot(&self, trine: &Path, image: &Image, scenario: &Scenario) -> Result<String> {
        let disk = tempfile::NamedTempFile::new().context("cannot make a disk image")?;
        let stats = tempfile::NamedTempFile::new().context("cannot make a file")?;
        disk.as_file().set_len(DISK_BYTES)?;
        let mut command = process::command(trine);
        command.args([
            "run",
            "--timeout",
            "600",
            "--cpus",
            &scenario.cpus.to_string(),
        ]);
        command.arg("--kernel").arg(&image.kernel);
        command.arg("--initrd").arg(&image.initrd);
        command.arg("--disk").arg(disk.path());
        let script = vm_image::command_argument(SCRIPT);
        command
            .arg("--append")
            .arg(format!("{} quiet {script}", image.cmdline));
        command.args(&scenario.options);
        command.arg(format!("--stats=json:{}", stats.path().display()));
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start trine")?;
        let mut bytes = Vec::new();
        if let Some(mut stdout) = child.stdout.take() {
            stdout.read_to_end(&mut bytes)?;
        }
        let output = String::from_utf8_lossy(&bytes).into_owned();
        if self.show {
            std::io::stdout().write_all(output.as_bytes())?;
        }
        let status = child.wait()?;
        ensure!(
            status.success(),
            "{}: trine ended with {status}:\n{output}",
            scenario.name
        );
        let wanted = format!("disk {}", sha256(disk.path())?);
        ensure!(
            output.contains(&wanted),
            "{}: the disk holds other data than the guest read; expected `{wanted}`:\n{output}",
            scenario.name
        );
        if scenario.cpus == 1 {
            check_memory(&fs::read(stats.path())?)?;
        }
        Ok(output)
    }
}

/// Checks what the program took of the host's memory, by its statistics.
fn check_memory(stats: &[u8]) -> Result<()> {
    let stats: serde_json::Value = serde_json::from_slice(stats)?;
    let bytes = |key: &str| stats["memory"][key].as_u64().unwrap_or(0);
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let (ram, code, rest) = (bytes("guest_ram"), bytes("code"), bytes("rest"));
    println!(
        "boot: memory: {:.1} MiB guest RAM, {:.1} MiB code, {:.1} MiB the rest",
        mib(ram),
        mib(code),
        mib(rest)
    );
    ensure!(
        ram > 0,
        "the statistics do not tell the guest's RAM: {stats}"
    );
    ensure!(
        rest <= MEMORY_LIMIT,
        "beside guest RAM and code, {:.1} MiB were in use; at most {:.1} are expected",
        mib(rest),
        mib(MEMORY_LIMIT)
    );
    Ok(())
}

pub(super) fn build() -> Result<PathBuf> {
    let mut cargo = process::cargo();
    process::run(cargo.args(["build", "--release", "--quiet", "--package", "vm-cli"]))?;
    Ok(workspace::target().join("release/trine"))
}

/// Makes sure that the default guest is there.
pub(super) fn pull() -> Result<Image> {
    let options = PullOptions::new(GuestArch::Riscv64, default_cache_dir()?);
    Ok(vm_image::ensure(
        &ImageRef::default_image(),
        &options,
        &Silent,
    )?)
}

fn scenarios() -> Result<Vec<Scenario>> {
    let opensbi = debian::package("opensbi")?
        .file("usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin")?;
    let bios = ["--bios".to_owned(), opensbi.display().to_string()];
    Ok(vec![
        Scenario {
            name: "1 vCPU",
            cpus: 1,
            options: Vec::new(),
        },
        Scenario {
            name: "4 vCPUs",
            cpus: 4,
            options: Vec::new(),
        },
        Scenario {
            name: "OpenSBI, 2 vCPUs",
            cpus: 2,
            options: bios.into(),
        },
    ])
}

/// What every guest must have printed.
fn check(scenario: &Scenario, output: &str) -> Result<()> {
    let name = scenario.name;
    let processors = output
        .lines()
        .filter(|line| line.starts_with("processor"))
        .count();
    ensure!(
        processors == scenario.cpus as usize,
        "{name}: {processors} processors in /proc/cpuinfo:\n{output}"
    );
    for wanted in [
        "Linux trine 6.",
        "riscv64 GNU/Linux",
        // The host bridge, the block device and the entropy source.
        "0x1b36 0x0008 0x060000",
        "0x1af4 0x1042",
        "0x1af4 0x1044",
        "trine: exit status 0",
    ] {
        if !output.contains(wanted) {
            bail!("{name}: the guest did not print `{wanted}`:\n{output}");
        }
    }
    Ok(())
}

fn sha256(path: &Path) -> Result<String> {
    Ok(hex::encode(Sha256::digest(fs::read(path)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_fits_the_command_line() {
        assert!(vm_image::command_argument(SCRIPT).len() < 900);
    }
}
