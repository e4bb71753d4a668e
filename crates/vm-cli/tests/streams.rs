//! Standard streams that are non-blocking, full or gone.

#![cfg(unix)]

mod common;

use std::{
    fs::File,
    io::{self, Read, Write},
    os::fd::AsFd,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use common::{
    terminal::{Session, Terminal, run_guest},
    wait_for_end,
};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

fn make_non_blocking(file: impl AsFd) {
    let flags = fcntl_getfl(&file).unwrap();
    fcntl_setfl(&file, flags | OFlags::NONBLOCK).unwrap();
}

/// As another program on the same terminal would leave it.
fn on_non_blocking_terminal(name: &str) -> Session {
    let terminal = Terminal::new();
    make_non_blocking(&terminal.device);
    terminal.start(run_guest(name, &[]))
}

#[test]
fn a_non_blocking_terminal_has_keys() {
    let mut session = on_non_blocking_terminal("echo");
    session.wait_for("the keys\r\n");
    for text in ["one", "two"] {
        // Long enough for a read that finds nothing.
        thread::sleep(Duration::from_millis(200));
        session.type_keys(text.as_bytes());
        session.wait_for(text);
    }
    session.type_keys(b"\x01x");
    assert_eq!(session.code(), Some(0));
}

#[test]
fn a_non_blocking_terminal_shows_everything() {
    let mut session = on_non_blocking_terminal("flood");
    session.wait_for("xyz");
    thread::sleep(Duration::from_millis(300));
    let alphabet = "abcdefghijklmnopqrstuvwxyz";
    let shown = |screen: &str| screen.split("the keys\r\n").last().unwrap().to_owned();
    session.read_until("flood", |screen| shown(screen).len() > 300_000);
    let screen = shown(&session.screen);
    let whole = screen.len() / 26;
    assert!(screen.starts_with(&alphabet.repeat(whole)));
    session.type_keys(b"\x01x");
    assert_eq!(session.code(), Some(0));
}

#[test]
fn non_blocking_pipes_carry_everything() {
    let (input, mut typed) = io::pipe().unwrap();
    let (mut printed, output) = io::pipe().unwrap();
    make_non_blocking(&input);
    make_non_blocking(&output);
    let mut command = run_guest("echo", &["--timeout", "300"]);
    let mut child = command.stdin(input).stdout(output).spawn().unwrap();
    drop(command);
    let text = "0123456789abcde\n".repeat(20_000);
    let sent = text.clone();
    let sender = thread::spawn(move || {
        thread::sleep(Duration::from_millis(200));
        // Whether it arrives is seen at the other end.
        let _ = typed.write_all(sent.as_bytes());
        let _ = typed.write_all(b"\x04");
    });
    thread::sleep(Duration::from_secs(1));
    let mut seen = String::new();
    printed.read_to_string(&mut seen).unwrap();
    assert_eq!(wait_for_end(&mut child).code(), Some(0));
    assert_eq!(seen.len(), text.len());
    assert!(seen == text);
    sender.join().unwrap();
}

/// Runs to the end; returns the exit code and standard error.
fn run(mut command: Command, stdout: impl Into<Stdio>) -> (Option<i32>, String) {
    let command = command.stdin(Stdio::null()).stdout(stdout);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let status = wait_for_end(&mut child);
    let mut error = String::new();
    child.stderr.unwrap().read_to_string(&mut error).unwrap();
    (status.code(), error)
}

#[test]
fn output_that_is_gone_is_no_success() {
    let (_, nobody) = io::pipe().unwrap();
    let (code, error) = run(run_guest("count", &["--cpus", "2"]), nobody);
    assert_eq!(code, Some(1), "{error}");
    assert!(error.contains("standard output: Broken pipe"), "{error}");
    if !cfg!(target_os = "linux") {
        return;
    }
    let full = || File::options().write(true).open("/dev/full").unwrap();
    let (code, error) = run(run_guest("count", &["--cpus", "2"]), full());
    assert_eq!(code, Some(1), "{error}");
    assert!(error.contains("standard output: No space left"), "{error}");
    let option = ["--cpus", "2", "--console", "file:/dev/full"];
    let (code, error) = run(run_guest("count", &option), Stdio::null());
    assert_eq!(code, Some(1), "{error}");
    assert!(
        error.contains("--console file:/dev/full: No space left"),
        "{error}"
    );
    // The guest's own code says more.
    assert_eq!(run(run_guest("htif", &[]), full()).0, Some(42));
}
