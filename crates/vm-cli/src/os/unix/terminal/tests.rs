//! Ends of a process with a terminal in raw mode. The process is this test
//! program once more, with one of its tests.

use std::{
    env,
    fs::File,
    hint::black_box,
    io::{Read, Write},
    os::unix::process::ExitStatusExt,
    process::{self, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    fs::{Mode, OFlags},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::LocalModes,
};
use vm_testing::DEADLINE;

use super::*;

/// How the other process is to end.
const END: &str = "TRINE_TEST_END";

#[test]
#[ignore = "part of another test"]
fn ends_in_raw_mode() {
    let Ok(end) = env::var(END) else { return };
    let _terminal = RawTerminal::enter(true).unwrap();
    println!("raw");
    io::stdin().read_exact(&mut [0]).unwrap();
    match end.as_str() {
        "panic" => panic!("as the test wants"),
        "abort" => process::abort(),
        _ => drop(black_box(overflow(1))),
    }
}

#[allow(unconditional_recursion, reason = "until the stack is used up")]
fn overflow(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    overflow(depth + 1) + black_box(frame)[7]
}

/// Has a process end on a terminal; returns what it printed, and the signal that
/// ended it.
fn end(end: &str) -> (String, Option<i32>) {
    let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&keyboard).unwrap();
    unlockpt(&keyboard).unwrap();
    let name = ptsname(&keyboard, Vec::new()).unwrap();
    let flags = OFlags::RDWR | OFlags::NOCTTY;
    let device = rustix::fs::open(name.as_c_str(), flags, Mode::empty()).unwrap();
    let is_raw = || {
        let mode = tcgetattr(&device).unwrap();
        !mode.local_modes.contains(LocalModes::ICANON)
    };
    let stdio = || Stdio::from(device.try_clone().unwrap());
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--nocapture"])
        .arg("os::unix::terminal::tests::ends_in_raw_mode")
        .env(END, end)
        .stdin(stdio())
        .stdout(stdio())
        .stderr(stdio())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + DEADLINE;
    while !is_raw() {
        assert!(Instant::now() < deadline, "the terminal is not changed");
        thread::sleep(Duration::from_millis(5));
    }
    let mut keyboard = File::from(keyboard);
    keyboard.write_all(b"x").unwrap();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!("no end by {end}");
        }
        thread::sleep(Duration::from_millis(5));
    };
    assert!(!is_raw(), "{end}");
    // It is short enough for the terminal to keep.
    let mut printed = vec![0; 64 << 10];
    let len = keyboard.read(&mut printed).unwrap();
    let printed = String::from_utf8_lossy(&printed[..len]).into_owned();
    (printed, status.signal())
}

#[test]
fn panics_and_faults_give_the_terminal_back() {
    let (_, signal) = end("panic");
    assert_eq!(signal, None);
    let (_, signal) = end("abort");
    assert_eq!(signal, Some(Signal::SIGABRT as i32));
    // The library's message about it still comes.
    let (printed, signal) = end("overflow");
    assert_eq!(signal, Some(Signal::SIGABRT as i32), "{printed}");
    assert!(printed.contains("overflowed its stack"), "{printed}");
}
