//! The program, as a user starts it.

mod common;
#[path = "common/ended.rs"]
mod ended;

use std::{
    fs,
    io::{self, Write},
    process::Stdio,
};

use common::{guest, trine};
use ended::run_to_end;
use vm_testing::within;

/// Runs to the end and returns exit code, standard output and error.
fn run(args: &[&str]) -> (i32, String, String) {
    let ended = run_to_end(trine(args).stdin(Stdio::null()));
    (ended.code.unwrap(), ended.out, ended.err)
}

fn run_guest(name: &str, more: &[&str]) -> (i32, String, String) {
    let program = guest(name);
    let args = [
        "run",
        "--bios",
        "none",
        "--kernel",
        program.to_str().unwrap(),
    ];
    run(&[&args, more].concat())
}

#[test]
fn the_exit_code_is_the_programs() {
    let (code, out, err) = run_guest("htif", &[]);
    assert_eq!((code, out.as_str()), (42, "hello, host\n"));
    assert!(err.contains("riscv64 guest on"), "{err}");
    assert_eq!(run_guest("count", &["--cpus", "2"]).0, 0);
    assert_eq!(run_guest("reset", &["--no-reboot"]).0, 121);
    assert_eq!(run_guest("nowhere", &["--timeout", "1"]).0, 124);
}

/// Runs the guest that hammers every device, with a disk on each bus.
fn hammer(more: &[&str]) -> (i32, String) {
    let directory = tempfile::tempdir().unwrap();
    let disk = |name: &str, settings: &str| {
        let path = directory.path().join(name);
        fs::write(&path, vec![0; 1 << 20]).unwrap();
        format!("{}{settings}", path.display())
    };
    let (pci, mmio) = (disk("pci", ""), disk("mmio", ",transport=mmio"));
    let devices = ["--cpus", "4", "--disk", &pci, "--disk", &mmio];
    let devices = [&devices, ["--console", "none"].as_slice()].concat();
    let (code, _, err) = run_guest("hammer10s", &[&devices, more].concat());
    (code, err)
}

#[test]
fn a_guest_that_hammers_every_device_can_be_stopped() {
    let (code, err) = hammer(&["--timeout", "1"]);
    assert_eq!(code, 124, "{err}");
    assert!(!err.contains("panicked"), "{err}");
    assert!(!err.contains('\x1b'), "{err:?}");
}

#[test]
fn devices_warn_of_a_drivers_mistakes_in_colours_on_terminals_only() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("disk");
    fs::write(&path, vec![0; 1 << 20]).unwrap();
    let disk = format!("{},transport=mmio", path.display());
    let (code, _, err) = run_guest("mistake", &["--disk", &disk]);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("WARN") && err.contains("DRIVER_OK"), "{err:?}");
    assert!(!err.contains('\x1b'), "{err:?}");
}

#[test]
#[ignore = "takes 10 s"]
fn a_guest_that_hammers_every_device_comes_to_its_end() {
    let (code, err) = hammer(&["--timeout", "300"]);
    assert_eq!(code, 0, "{err}");
    assert!(!err.contains("panicked"), "{err}");
}

#[test]
fn the_engine_can_be_chosen() {
    for (engine, part) in [
        ("interp", ": interpreter, as"),
        ("auto", "riscv64 guest on"),
    ] {
        let (code, out, err) = run_guest("htif", &["--engine", engine]);
        assert_eq!((code, out.as_str()), (42, "hello, host\n"));
        assert!(err.contains(part), "{err}");
        assert_eq!(err.lines().count(), 1, "{err}");
    }
}

#[test]
fn statistics_come_at_the_end_as_a_table_or_as_json() {
    let (code, out, err) = run_guest("count", &["--cpus", "2", "--stats"]);
    assert_eq!((code, out.len()), (0, 52), "{err}");
    for part in [
        "trine: ran ",
        "vCPU 1",
        "guest instructions",
        "blocks compiled",
    ] {
        assert!(err.contains(part), "{err}");
    }
    let (_, _, err) = run_guest("htif", &["--stats=json"]);
    let json: serde_json::Value = serde_json::from_str(err.lines().last().unwrap()).unwrap();
    assert!(
        json["total"]["instructions"].as_u64().unwrap() > 10,
        "{err}"
    );

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("stats.json");
    let option = format!("--stats=json:{}", path.display());
    let (code, _, err) = run_guest("htif", &[&option]);
    assert_eq!((code, err.lines().count()), (42, 1), "{err}");
    let file: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    assert_eq!(file["engine"], json["engine"]);
    let (code, out, err) = run_guest("htif", &["--stats=json:/no/such/x"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("--stats /no/such/x"), "{err}");
}

#[test]
fn a_file_can_hold_the_options() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("machine.toml");
    let console = directory.path().join("console");
    fs::copy(guest("htif"), directory.path().join("program.elf")).unwrap();
    let text = "kernel = 'program.elf'\nbios = 'none'\nconsole = 'none'\nmemory = '4M'\n";
    fs::write(&config, text).unwrap();
    let where_to = format!("file:{}", console.display());
    let (code, out, _) = run(&[
        "run",
        "--config",
        config.to_str().unwrap(),
        "--console",
        &where_to,
    ]);
    assert_eq!((code, out.as_str()), (42, ""));
    assert_eq!(fs::read_to_string(console).unwrap(), "hello, host\n");
}

#[test]
fn errors_say_what_to_do_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &[u8]| {
        let path = directory.path().join(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let config = file("bad.toml", b"cpu = 2\n");
    let broken = file("broken.toml", b"cpus = [\n");
    let empty = file("empty.img", b"");
    let cut = file("cut.elf", &fs::read(guest("htif")).unwrap()[..100]);
    let text = file("text", b"no kernel at all");
    let htif = guest("htif");
    let htif = htif.to_str().unwrap();
    let cases: [(&[&str], i32, &[&str]); 10] = [
        (
            &["--kernel", "/no/such"],
            1,
            &["--kernel /no/such", "No such file"],
        ),
        (&["--kernel", &text], 1, &["--kernel", "neither"]),
        (
            &["--kernel", &cut, "--bios", "none"],
            1,
            &["--kernel", "cut short"],
        ),
        (
            &["--config", &config],
            1,
            &["bad.toml:1", "`cpu`", "`cpus`"],
        ),
        (&["--config", &broken], 1, &["broken.toml:"]),
        (&["--kernel", htif, "--disk", &empty], 1, &["--disk", "512"]),
        (&["--memory", "1K"], 1, &["--memory 1K", "at least 4M"]),
        (&["--cpus", "99"], 1, &["--cpus 99", "1 to 64"]),
        (&["--arch", "aarch64"], 1, &["--arch aarch64", "riscv64"]),
        (&["--memroy", "1G"], 2, &["--memroy", "--memory"]),
    ];
    for (args, expected, parts) in cases {
        let (code, out, err) = run(&[&["run"], args].concat());
        assert_eq!((code, out.as_str()), (expected, ""), "{args:?}: {err}");
        for part in parts {
            assert!(err.contains(part), "{args:?}: {err}");
        }
        for part in ["panicked", "backtrace", "default guest"] {
            assert!(!err.contains(part), "{args:?}: {err}");
        }
    }
}

#[test]
fn nobody_has_to_read_what_the_program_says() {
    within("the ends of the program", || {
        let deaf = || {
            let (_, writer) = io::pipe().unwrap();
            Stdio::from(writer)
        };
        let program = guest("htif");
        let program = program.to_str().unwrap();
        for (args, expected) in [
            (["run", "--bios", "none", "--kernel", program], 42),
            (["run", "--bios", "none", "--kernel", "/no/such"], 1),
        ] {
            let mut command = trine(&args);
            let status = command.stdin(Stdio::null()).stdout(deaf()).stderr(deaf());
            assert_eq!(status.status().unwrap().code(), Some(expected), "{args:?}");
        }
    });
}

#[test]
fn the_device_tree_can_be_had_without_running() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("virt.dtb");
    let (code, out, err) = run_guest("nowhere", &["--dtb-dump", path.to_str().unwrap()]);
    assert_eq!((code, out.as_str(), err.as_str()), (0, "", ""));
    assert_eq!(fs::read(path).unwrap()[..4], [0xd0, 0x0d, 0xfe, 0xed]);
}

#[test]
fn the_end_of_the_input_is_not_the_end_of_the_guest() {
    within("the end of the guest", || {
        let program = guest("echo");
        let args = [
            "run",
            "--bios",
            "none",
            "--kernel",
            program.to_str().unwrap(),
        ];
        let mut child = trine(&args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        // More than the queues on the way hold, and then the guest's own end.
        let text = "0123456789abcde\n".repeat(1000);
        input.write_all(text.as_bytes()).unwrap();
        input.write_all(b"\x04").unwrap();
        drop(input);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(String::from_utf8(output.stdout).unwrap(), text);
    });
}

#[test]
fn without_a_mirror_the_embedded_guest_runs() {
    let (code, out, err) = run(&["run"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("Hello from a RISC-V guest"), "{out}");
    assert!(err.contains("debian:13"), "{err}");
}

#[test]
fn images_that_are_not_there_are_named() {
    let (code, _, err) = run(&["image", "rm", "debian:13"]);
    assert!(code == 1 && err.contains("debian:13"), "{err}");
    let (code, _, err) = run(&["image", "pull", "slackware:1"]);
    assert!(code == 1 && err.contains("`slackware:1`"), "{err}");
    let (code, _, err) = run(&["image", "pull"]);
    assert!(code == 1 && err.contains("127.0.0.1"), "{err}");
    assert_eq!(run(&["image", "list"]).0, 0);
}

#[test]
fn help_shows_keys_codes_and_examples() {
    let (code, out, _) = run(&["run", "--help"]);
    assert_eq!(code, 0);
    for part in ["Ctrl-A x", "Exit codes", "Examples", "--dtb-dump"] {
        assert!(out.contains(part), "{out}");
    }
}
