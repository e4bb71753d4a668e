//! Ends of the program while somebody does not read what it prints.

#![cfg(unix)]

mod common;

use std::{
    fs::{self, File},
    io::{Read, Write},
    os::unix::fs::OpenOptionsExt,
    process::Stdio,
    thread,
    time::Duration,
};

use common::{
    terminal::{Session, Terminal, run_guest},
    wait_for_end,
};
use rustix::{
    fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl},
    process::Signal,
};

/// A guest that prints on a terminal that shows no more of it.
fn stalled(more: &[&str]) -> Session {
    let mut session = Session::guest("flood", more);
    session.wait_for("xyzabc");
    // The queues on the way fill up; nothing tells when.
    thread::sleep(Duration::from_millis(300));
    session
}

#[test]
fn a_stopped_terminal_does_not_keep_the_program_from_ending() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        let session = stalled(&[]);
        session.signal(signal);
        assert_eq!(session.code(), Some(code));
    }
    // However far it gets in that time: a slow host's has not even filled the queues.
    let session = Session::guest("flood", &["--timeout", "2"]);
    assert_eq!(session.code(), Some(124));
}

#[test]
fn a_second_signal_ends_the_program_at_a_stopped_terminal() {
    let session = stalled(&[]);
    session.signal(Signal::TERM);
    session.signal(Signal::INT);
    assert!(matches!(session.code(), Some(130 | 143)));
}

#[test]
fn keys_work_at_a_stopped_terminal() {
    let mut session = stalled(&[]);
    // Help that nobody sees is none that anybody waits for.
    session.type_keys(b"\x01h\x01h");
    session.type_keys(b"\x01x");
    assert_eq!(session.code(), Some(0));
}

#[test]
fn a_terminal_may_be_stopped_from_the_start() {
    let terminal = Terminal::new();
    let flags = fcntl_getfl(&terminal.device).unwrap();
    fcntl_setfl(&terminal.device, flags | OFlags::NONBLOCK).unwrap();
    let mut device = File::from(terminal.device.try_clone().unwrap());
    while device.write(&[b'.'; 64]).is_ok() {}
    fcntl_setfl(&terminal.device, flags).unwrap();
    let mut session = terminal.start(run_guest("flood", &[]));
    session.type_keys(b"\x01x");
    assert_eq!(session.code(), Some(0));
}

#[test]
fn a_pipe_that_holds_up_a_vcpu_does_not_hold_up_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let pipe = directory.path().join("trace");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        Mode::RWXU,
        0,
    )
    .unwrap();
    let mut reader = fs::OpenOptions::new();
    reader
        .read(true)
        .custom_flags(OFlags::NONBLOCK.bits() as i32);
    let mut reader = reader.open(&pipe).unwrap();
    let option = format!("--trace={}", pipe.display());
    let mut session = Session::guest("echo", &[&option]);
    session.wait_for("Ctrl-A x quits");
    while reader.read(&mut [0; 16]).is_err() {
        thread::sleep(Duration::from_millis(10));
    }
    thread::sleep(Duration::from_millis(300));
    session.signal(Signal::TERM);
    session.wait_for("ended without");
    assert_eq!(session.code(), Some(143));
}

#[test]
fn what_nobody_reads_at_the_end_is_said_to_be_lost() {
    let mut child = run_guest("echo", &[])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // More than a pipe holds, and less than guest and program can get rid of.
    let mut input = child.stdin.take().unwrap();
    input.write_all(&[b'.'; 100_000]).unwrap();
    input.write_all(b"\x04").unwrap();
    let status = wait_for_end(&mut child);
    let mut error = String::new();
    child.stderr.unwrap().read_to_string(&mut error).unwrap();
    assert_eq!(status.code(), Some(1), "{error}");
    assert!(
        error.contains("standard output: nobody reads it"),
        "{error}"
    );
}
