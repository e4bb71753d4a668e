//! Debian's kernel on whole machines.
//!
//! They need the default guest, which `trine image pull` downloads, and in
//! debug builds some minutes: `cargo test --release -- --ignored`.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use vm_core::GuestArch;
use vm_device::console::MemoryOutput;
use vm_image::{Image, ImageRef, cached, command_argument, default_cache_dir};
use vm_machine::{ExitStatus, Machine, config::MachineOptions, console::HostConsole};
use vm_testing::within_time;

const OPENSBI: &str = "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin";

fn image() -> Image {
    let cache = default_cache_dir().unwrap();
    let image = cached(&cache, &ImageRef::default_image(), GuestArch::Riscv64);
    image.expect("the default guest is not on this host: run `trine image pull`")
}

/// Boots the default guest and runs `command` in it; returns what it printed.
fn run(command: &str, args: &[&str]) -> String {
    image();
    let output = Command::new(env!("CARGO_BIN_EXE_trine"))
        .args([
            "run",
            "--timeout",
            "900",
            "--append",
            &command_argument(command),
        ])
        .args(args)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("trine: exit status 0"), "{text}");
    text
}

#[test]
#[ignore = "needs the default guest"]
fn one_vcpu_reaches_userspace() {
    let text = run("time true && uname -m; nproc; ls /sys/bus/pci/devices", &[]);
    assert!(text.contains("riscv64\r\n1\r\n0000:00:00.0"), "{text}");
}

#[test]
#[ignore = "needs the default guest"]
fn what_is_typed_before_the_prompt_is_not_lost() {
    image();
    let mut guest = Command::new(env!("CARGO_BIN_EXE_trine"))
        .args(["run", "--timeout", "900"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = 1..=300;
    let mut typed: String = lines
        .clone()
        .map(|n| format!("echo $(({n}+1000))\n"))
        .collect();
    typed += "poweroff -f\n";
    let mut stdin = guest.stdin.take().unwrap();
    stdin.write_all(typed.as_bytes()).unwrap();
    let output = guest.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    for n in lines {
        // The shell may redraw its prompt before the answer.
        let answer = format!("{}\r\n", n + 1000);
        assert!(text.contains(&answer), "{answer}: {text}");
    }
    assert_eq!(output.status.code(), Some(0), "{text}");
}

#[test]
#[ignore = "needs the default guest"]
fn four_vcpus_share_a_disk() {
    let directory = tempfile::tempdir().unwrap();
    let disk = directory.path().join("disk.img");
    fs::File::create(&disk).unwrap().set_len(64 << 20).unwrap();
    // Four writers at once; then everything is read back from the disk.
    let command = "for n in 0 1 2 3; do \
         dd if=/dev/urandom of=/dev/vda bs=1M count=16 seek=$((16*n)) conv=fsync & done; wait; \
         echo 3 >/proc/sys/vm/drop_caches; nproc; sha256sum /dev/vda";
    let text = run(command, &["--cpus", "4", "--disk", disk.to_str().unwrap()]);
    assert!(text.contains("\n4\r\n"), "{text}");
    let host = Command::new("sha256sum").arg(&disk).output().unwrap();
    let digest = String::from_utf8(host.stdout).unwrap();
    let digest = digest.split_whitespace().next().unwrap();
    assert!(text.contains(digest), "{digest}: {text}");
}

#[test]
#[ignore = "needs the default guest, and OpenSBI from the package opensbi"]
fn real_firmware_starts_the_kernel() {
    assert!(Path::new(OPENSBI).exists(), "install the package opensbi");
    let text = run("nproc", &["--bios", OPENSBI, "--cpus", "2"]);
    assert!(
        text.contains("OpenSBI") && text.contains("\n2\r\n"),
        "{text}"
    );
}

#[test]
#[ignore = "needs the default guest"]
fn a_reset_boots_again() {
    let image = image();
    let options = MachineOptions::default()
        .kernel(image.kernel)
        .initrd(image.initrd)
        .append(image.cmdline + " " + &command_argument("reboot -f; sleep 60"))
        .no_reboot(true);
    let (mut machine, output) = machine(options);
    // It can be started again where it ended.
    for _ in 0..2 {
        assert_eq!(machine.run().unwrap(), ExitStatus::Reset);
        let text = String::from_utf8_lossy(&output.take()).into_owned();
        assert_eq!(text.matches("Linux version").count(), 1, "{text}");
    }
}

#[test]
#[ignore = "needs the default guest"]
fn a_booted_kernel_goes_on_from_its_saved_state() {
    within_time(Duration::from_secs(900), "both machines", || {
        let image = image();
        let command =
            "echo begin; for n in 1 2 3 4 5; do md5sum /bin/busybox; sleep 0.2; done; nproc";
        let options = MachineOptions::default()
            .kernel(image.kernel)
            .initrd(image.initrd)
            .cpus(2u32)
            .append(image.cmdline + " " + &command_argument(command));
        let (mut original, output) = machine(options.clone());
        let handle = original.handle();
        let saver = thread::spawn(move || {
            let mut seen = String::new();
            while !seen.contains("\nbegin\r") {
                seen += &String::from_utf8_lossy(&output.take());
                thread::sleep(Duration::from_millis(1));
            }
            let state = handle.save().unwrap();
            handle.stop();
            (state, seen + &String::from_utf8_lossy(&output.take()))
        });
        assert_eq!(original.run().unwrap(), ExitStatus::Stopped);
        drop(original);
        let (state, before) = saver.join().unwrap();

        let (mut copy, output) = machine(options);
        copy.restore(&state).unwrap();
        assert_eq!(copy.run().unwrap(), ExitStatus::PowerOff { status: 0 });
        let text = before + &String::from_utf8_lossy(&output.take());
        assert_eq!(text.matches("/bin/busybox\r").count(), 5, "{text}");
        assert!(
            text.contains("\n2\r\n") && text.contains("exit status 0"),
            "{text}"
        );
    });
}

fn machine(options: MachineOptions) -> (Machine, Arc<MemoryOutput>) {
    let output = Arc::new(MemoryOutput::with_limit(1 << 20));
    let console = HostConsole::new(output.clone());
    let machine = Machine::new(options.build().unwrap(), console).unwrap();
    (machine, output)
}
