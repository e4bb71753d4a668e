//! Files that the program is told to read, of every kind that there is.

#![cfg(unix)]

mod common;
#[path = "common/ended.rs"]
mod ended;

use std::{
    fs::{self, File},
    io::Write as _,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use common::{guest, trine};
use ended::{Ended, run_to_end};

/// A named pipe into which `content` is written once somebody reads it.
fn pipe_with(directory: &Path, name: &str, content: Vec<u8>) -> String {
    let path = pipe(directory, name);
    let writer = PathBuf::from(&path);
    // It waits for ever if nobody reads, and ends with the test.
    thread::spawn(move || fs::write(writer, content));
    path
}

/// A named pipe that nobody writes to.
fn pipe(directory: &Path, name: &str) -> String {
    let path = directory.join(name);
    assert!(
        Command::new("mkfifo")
            .arg(&path)
            .status()
            .unwrap()
            .success()
    );
    path.to_str().unwrap().to_owned()
}

fn run(args: &[&str]) -> Ended {
    run_to_end(trine(&[&["run"], args].concat()).stdin(Stdio::null()))
}

fn bare_metal(kernel: &str, more: &[&str]) -> Ended {
    run(&[&["--bios", "none", "--kernel", kernel], more].concat())
}

fn htif() -> Vec<u8> {
    fs::read(guest("htif")).unwrap()
}

/// The file, packed by gzip(1).
fn gzip(content: &[u8]) -> Vec<u8> {
    let mut gzip = Command::new("gzip")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = gzip.stdin.take().unwrap();
    let content = content.to_vec();
    let writer = thread::spawn(move || input.write_all(&content));
    let output = gzip.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    output.stdout
}

#[test]
fn everything_that_is_read_may_be_a_pipe() {
    let directory = tempfile::tempdir().unwrap();
    let config = "bios = 'none'\nconsole = 'none'\n".into();
    let config = pipe_with(directory.path(), "config", config);
    let kernel = pipe_with(directory.path(), "kernel", gzip(&htif()));
    let initrd = pipe_with(directory.path(), "initrd", vec![7; 1 << 20]);
    let more = ["--config", &config, "--initrd", &initrd];
    let ended = run(&[&["--kernel", &kernel], more.as_slice()].concat());
    assert_eq!(ended.code, Some(42), "{ended:?}");

    let bios = pipe_with(directory.path(), "bios", vec![0x13; 4096]);
    let firmware = ["--kernel", "none", "--bios", &bios];
    let ended = run(&[firmware.as_slice(), &["--dtb-dump", "/dev/null"]].concat());
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn the_kernel_may_be_standard_input() {
    for (form, content) in [("plain", htif()), ("packed", gzip(&htif()))] {
        let mut command = trine(&["run", "--bios", "none", "--kernel", "/dev/stdin"]);
        let (reader, mut writer) = std::io::pipe().unwrap();
        let writer = thread::spawn(move || writer.write_all(&content));
        let ended = run_to_end(command.stdin(reader));
        assert_eq!(ended.code, Some(42), "{form}: {ended:?}");
        writer.join().unwrap().unwrap();
    }
}

#[test]
fn a_kernel_that_is_standard_input_is_not_typed() {
    let mut command = trine(&["run", "--timeout=2", "--bios=none", "--kernel=/dev/stdin"]);
    let ended = run_to_end(command.stdin(File::open(guest("echo")).unwrap()));
    // It waits for what nobody types.
    assert_eq!(ended.code, Some(124), "{ended:?}");
    assert_eq!(ended.out, "");
}

#[test]
fn tools_that_name_code_do_not_read_the_kernel_again() {
    let directory = tempfile::tempdir().unwrap();
    let kernel = pipe_with(directory.path(), "kernel", htif());
    let trace = directory.path().join("trace");
    let option = format!("--trace={}", trace.display());
    let ended = bare_metal(&kernel, &[&option]);
    assert_eq!(ended.code, Some(42), "{ended:?}");
    let text = fs::read_to_string(trace).unwrap();
    assert!(text.contains(" _start\n"), "{text}");
}

#[test]
fn a_pipe_that_nobody_writes_to_does_not_outlast_the_timeout() {
    let directory = tempfile::tempdir().unwrap();
    let empty = pipe(directory.path(), "empty");
    let htif = guest("htif");
    let htif = htif.to_str().unwrap();
    let in_file = directory.path().join("machine.toml");
    fs::write(&in_file, format!("timeout = 1\nkernel = '{empty}'")).unwrap();
    let in_file = ["--config", in_file.to_str().unwrap()];
    let cases: [&[&str]; 5] = [
        &["--timeout", "1", "--kernel", &empty],
        &["--timeout", "1", "--kernel", htif, "--initrd", &empty],
        &["--timeout", "1", "--kernel", "none", "--bios", &empty],
        &["--timeout", "1", "--config", &empty],
        &in_file,
    ];
    for args in cases {
        let ended = run(args);
        assert_eq!(ended.code, Some(124), "{args:?}: {ended:?}");
        assert!(ended.err.contains("--timeout"), "{args:?}: {ended:?}");
    }
}

#[test]
fn a_mirror_that_does_not_answer_does_not_outlast_the_timeout() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let cache = tempfile::tempdir().unwrap();
    let mut command = trine(&["run", "--timeout", "1"]);
    command
        .stdin(Stdio::null())
        .env("XDG_CACHE_HOME", cache.path())
        .env("TRINE_MIRROR", format!("http://{address}/debian"));
    let ended = run_to_end(&mut command);
    assert_eq!(ended.code, Some(124), "{ended:?}");
}

#[test]
fn a_signal_ends_the_waiting_for_a_pipe() {
    let directory = tempfile::tempdir().unwrap();
    let kernel = pipe(directory.path(), "kernel");
    let mut child = trine(&["run", "--kernel", &kernel])
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let pid = child.id();
    let killer = thread::spawn(move || {
        // It must be waiting by then; if it were not, it would end all the same.
        thread::sleep(Duration::from_millis(300));
        Command::new("kill")
            .arg("-INT")
            .arg(pid.to_string())
            .status()
    });
    let deadline = Instant::now() + Duration::from_secs(30);
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!("the signal was not heard");
        }
        thread::sleep(Duration::from_millis(5));
    };
    assert!(killer.join().unwrap().unwrap().success());
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    assert!(signal == Some(2) || status.code() == Some(130), "{status}");
}

#[test]
fn directories_and_what_cannot_be_a_disk_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let fifo = pipe(directory.path(), "fifo");
    let folder = directory.path().to_str().unwrap();
    let htif = guest("htif");
    let htif = htif.to_str().unwrap();
    let cases: [(&[&str], &str, &str); 7] = [
        (&["--kernel", folder], "--kernel", "directory"),
        (
            &["--kernel", htif, "--initrd", folder],
            "--initrd",
            "directory",
        ),
        (&["--kernel", htif, "--bios", folder], "--bios", "directory"),
        (
            &["--kernel", htif, "--disk", folder],
            "--disk",
            "neither a file",
        ),
        (
            &["--kernel", htif, "--disk", &fifo],
            "--disk",
            "neither a file",
        ),
        (
            &["--kernel", htif, "--disk", "/dev/null"],
            "--disk",
            "neither a file",
        ),
        (&["--config", folder], "--config", "directory"),
    ];
    for (args, option, part) in cases {
        let ended = run(args);
        assert_eq!(ended.code, Some(1), "{args:?}: {ended:?}");
        assert!(ended.err.contains(option), "{args:?}: {ended:?}");
        assert!(ended.err.contains(part), "{args:?}: {ended:?}");
    }
}

#[test]
fn gzip_files_may_have_padding_members_and_junk() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kernel.gz");
    let program = htif();
    let (one, two) = program.split_at(program.len() / 3);
    let members = || [gzip(one), gzip(two)].concat();
    for (behind, warned) in [
        (vec![], false),
        (vec![0; 512], false),
        (vec![0; 100_000], false),
        (b"signature".to_vec(), true),
        (b"\0\0signature".to_vec(), true),
    ] {
        fs::write(&path, [members(), behind].concat()).unwrap();
        let kernel = path.to_str().unwrap();
        let ended = bare_metal(kernel, &[]);
        assert_eq!(ended.code, Some(42), "{ended:?}");
        let told = format!("--kernel {kernel}: trailing garbage");
        assert_eq!(ended.err.contains(&told), warned, "{ended:?}");
    }
    let cut = [members(), gzip(b"more")[..9].to_vec()].concat();
    fs::write(&path, cut).unwrap();
    let ended = bare_metal(path.to_str().unwrap(), &[]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.err.contains("damaged"), "{ended:?}");
}

#[test]
fn an_initrd_above_a_gigabyte_needs_room_and_no_more() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("initrd");
    // A hole takes no room on the disk, and none in memory.
    File::create(&path).unwrap().set_len(3 << 29).unwrap();
    let initrd = ["--initrd", path.to_str().unwrap(), "--memory"];
    let htif = guest("htif");
    let htif = htif.to_str().unwrap();
    let ended = bare_metal(htif, &[&initrd[..], &["4G"]].concat());
    assert_eq!(ended.code, Some(42), "{ended:?}");
    let ended = bare_metal(htif, &[&initrd[..], &["1536M"]].concat());
    assert_eq!(ended.code, Some(1), "{ended:?}");
    for part in [
        "--initrd",
        "1610612736",
        "of 1536M",
        "--kernel",
        "`--memory 1537M`",
    ] {
        assert!(ended.err.contains(part), "{part}: {ended:?}");
    }
    let ended = bare_metal(htif, &[&initrd[..], &["1537M"]].concat());
    assert_eq!(ended.code, Some(42), "{ended:?}");
}

#[test]
fn a_program_may_have_more_symbols_than_the_machine_has_memory() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("large.elf");
    fs::write(&path, htif()).unwrap();
    let file = File::options().append(true).open(&path).unwrap();
    file.set_len(6 << 20).unwrap();
    let ended = bare_metal(path.to_str().unwrap(), &["--memory", "4M"]);
    assert_eq!(ended.code, Some(42), "{ended:?}");
}
