//! The tools that watch a guest, as a user starts them.

mod common;

use std::{fs, path::Path, process::Stdio};

use common::{guest, trine};
use vm_engine::jit;

/// Runs the program that prints through HTIF; returns the exit code, standard
/// error and the process's number.
fn run(options: &[&str]) -> (Option<i32>, String, u32) {
    let program = guest("htif");
    let fixed = ["run", "--bios", "none", "--timeout", "60", "--kernel"];
    let mut command = trine(&fixed);
    let command = command.arg(program).args(options).stdin(Stdio::null());
    let command = command.stdout(Stdio::null()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let number = child.id();
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), err, number)
}

const EVERY_BLOCK_COMPILED: [&str; 2] = ["--jit-threshold", "0"];

/// Traces the program; the lines, each in its columns.
fn trace(file: &Path, form: &str, options: &[&str]) -> Vec<Vec<String>> {
    let option = format!("--trace={}{form}", file.display());
    let (code, err, _) = run(&[&[option.as_str()], options].concat());
    assert_eq!(code, Some(42), "{err}");
    let text = fs::read_to_string(file).unwrap();
    let columns = |line: &str| line.split(' ').map(str::to_owned).collect();
    text.lines().map(columns).collect()
}

#[test]
fn traces_of_both_tiers_list_the_same_blocks() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("trace");
    // How often it looks whether the host has taken a command is the host's affair.
    let blocks = |options: &[&str]| {
        let mut lines = trace(&file, "", options);
        let waits = |name: &String| ["command+0x8", "_start+0x64"].contains(&name.as_str());
        lines.retain(|line| !line.get(6).is_some_and(waits));
        lines
    };
    let interpreted = blocks(&["--engine", "interp"]);
    assert_eq!(
        interpreted[0].join(" "),
        "0 0 M 0x0000000000001000 6 interp"
    );
    assert_eq!(
        interpreted[1].join(" "),
        "0 6 M 0x0000000080000000 9 interp _start"
    );
    assert_eq!(interpreted[2][6], "command");
    if jit::SUPPORTED {
        let compiled = blocks(&EVERY_BLOCK_COMPILED);
        let places = |lines: &[Vec<String>]| -> Vec<_> {
            lines
                .iter()
                .map(|line| (line[3].clone(), line[4].clone()))
                .collect()
        };
        // The last block waits for the end, at whatever point that comes.
        let ends = compiled.len().min(interpreted.len());
        assert!(ends > 30, "{ends}");
        assert_eq!(places(&compiled)[..ends], places(&interpreted)[..ends]);
        assert!(compiled.iter().all(|line| line[5] == "jit"));
    }
}

#[test]
fn a_trace_shows_instructions_and_can_be_narrowed() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("trace");
    let range = ["--trace-range", "0x1000..0x1001"];
    let lines = trace(&file, ",insns", &range);
    assert_eq!(lines.len(), 1 + 6, "{lines:?}");
    assert_eq!(lines[1].concat(), "1000:auipct0,0x0");
    let (code, err, _) = run(&range);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("--trace-range 0x1000..0x1001: "), "{err}");
    let (code, err, _) = run(&["--trace=/no/such/x"]);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("--trace /no/such/x: "), "{err}");
}

#[test]
fn the_map_for_perf_names_the_generated_code() {
    if !jit::SUPPORTED {
        return;
    }
    let (code, err, number) = run(&[&["--perf-map"][..], &EVERY_BLOCK_COMPILED].concat());
    assert_eq!((code, err.lines().count()), (Some(42), 1), "{err}");
    let path = format!("/tmp/perf-{number}.map");
    let text = fs::read_to_string(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let mut end = 0;
    let mut names = Vec::new();
    for line in text.lines() {
        let mut columns = line.splitn(3, ' ');
        let mut hex = || u64::from_str_radix(columns.next().unwrap(), 16).unwrap();
        let (start, size) = (hex(), hex());
        assert!(start >= end && size > 0, "{line}");
        end = start + size;
        names.push(columns.next().unwrap());
    }
    for name in [
        "trine:enter",
        "trine:link",
        "guest:0x1000",
        "guest:_start",
        "guest:command+0x10",
    ] {
        assert!(names.contains(&name), "{name}: {text}");
    }
}
