//! `cargo xtask conformance`: what QEMU's board and OpenSBI say, for the tests to compare with.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow, ensure};
use clap::Args;

use crate::{tools::qemu, workspace};

/// OpenSBI's greeting ends with a line that begins so.
const GREETING_END: &str = "Boot HART MEDELEG";
/// Bytes of a disk.
const DISK_BYTES: u64 = 1 << 20;
/// Longer than any of it takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// Asks QEMU and OpenSBI what the tests compare Trine with
#[derive(Debug, Args)]
pub struct Conformance {
    /// Keep what they say
    #[arg(long)]
    write: bool,
}

impl Conformance {
    /// Runs the command.
    ///
    /// # Errors
    /// If QEMU is not to be had, or says something else than is kept.
    pub fn run(&self) -> Result<()> {
        let qemu = qemu::system_riscv64()?;
        println!("asking {}", qemu.version()?);
        let disks = tempfile::tempdir()?;
        for name in ["mmio", "pci"] {
            fs::File::create(disks.path().join(name))?.set_len(DISK_BYTES)?;
        }
        let board = ask(with_devices(qemu.command(), disks.path()), "board")?;
        self.keep("board.qemu", &board)?;
        let sbi = ask(qemu.command(), "sbi")?;
        let (_, answers) = sbi
            .split_once(GREETING_END)
            .and_then(|(_, rest)| rest.split_once('\n'))
            .with_context(|| format!("OpenSBI did not greet:\n{sbi}"))?;
        self.keep("sbi.opensbi", answers)
    }

    fn keep(&self, name: &str, answers: &str) -> Result<()> {
        let path = directory().join(name);
        if self.write {
            fs::write(&path, answers)?;
        }
        let kept = fs::read_to_string(&path)?;
        let lines = kept.lines().zip(answers.lines());
        for (kept, answer) in lines.filter(|(kept, answer)| kept != answer) {
            println!("{name}: {answer} (kept: {kept})");
        }
        ensure!(
            kept == answers,
            "{name} is not what is said now: --write keeps that"
        );
        println!("{name}: {} answers, as kept", answers.lines().count());
        Ok(())
    }
}

fn directory() -> PathBuf {
    workspace::root().join("guests/conformance")
}

/// The devices that Trine's board has with a disk on each bus, and no firmware.
fn with_devices(mut qemu: Command, disks: &Path) -> Command {
    let drive = |name: &str| {
        let file = disks.join(name);
        format!("if=none,id={name},format=raw,file={}", file.display())
    };
    qemu.args(["-bios", "none", "-global", "virtio-mmio.force-legacy=false"]);
    qemu.args(["-drive", &drive("mmio"), "-device"]);
    qemu.arg("virtio-blk-device,drive=mmio,bus=virtio-mmio-bus.0");
    qemu.args(["-device", "virtio-rng-pci,addr=1,disable-legacy=on"]);
    qemu.args(["-drive", &drive("pci"), "-device"]);
    qemu.arg("virtio-blk-pci,drive=pci,addr=2,disable-legacy=on");
    qemu
}

/// What a program prints; it switches the machine off by itself.
fn ask(mut qemu: Command, program: &str) -> Result<String> {
    qemu.args(["-machine", "virt", "-m", "128M", "-smp", "2"]);
    qemu.args(["-display", "none", "-monitor", "none", "-serial", "stdio"]);
    qemu.arg("-kernel");
    qemu.arg(directory().join(program).with_extension("elf"));
    let mut child = qemu.stdout(Stdio::piped()).spawn()?;
    let mut stdout = child.stdout.take().context("QEMU has no output")?;
    let reader = thread::Builder::new().spawn(move || {
        let mut bytes = Vec::new();
        stdout.read_to_end(&mut bytes).map(|_| bytes)
    })?;
    let begin = Instant::now();
    while child.try_wait()?.is_none() {
        if begin.elapsed() > PATIENCE {
            child.kill()?;
        }
        thread::sleep(Duration::from_millis(20));
    }
    let bytes = reader
        .join()
        .map_err(|_| anyhow!("the reader has failed"))??;
    ensure!(
        begin.elapsed() < PATIENCE,
        "{program} did not come to its end"
    );
    Ok(String::from_utf8_lossy(&bytes).replace('\r', ""))
}
