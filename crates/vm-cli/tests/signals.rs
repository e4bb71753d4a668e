//! Signals to the program.

#![cfg(target_os = "linux")]

mod common;

use std::{
    fs::{self, File},
    io::Read,
    os::unix::process::ExitStatusExt,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use common::{
    guest,
    terminal::{Session, Terminal, with_default_signals},
    wait_for_end,
};
use rustix::process::Signal;

/// The program on a terminal, with a guest that runs.
fn running() -> Session {
    let mut session = Session::guest("echo", &[]);
    session.wait_for("the keys\r\n");
    session.type_keys(b"ready");
    session.wait_for("ready");
    assert!(session.terminal.is_raw());
    session
}

#[test]
fn signals_that_end_a_program_stop_the_machine_in_order() {
    let named = [
        Signal::HUP,
        Signal::INT,
        Signal::QUIT,
        Signal::TERM,
        Signal::USR1,
        Signal::USR2,
        Signal::ALARM,
        Signal::VTALARM,
        Signal::PROF,
        Signal::XCPU,
        Signal::IO,
        Signal::POWER,
        Signal::STKFLT,
    ];
    // And one of those for programs' own use, which has no name.
    let numbers = named.into_iter().map(Signal::as_raw).chain([40]);
    for number in numbers {
        let mut session = running();
        let kill = format!("kill -{number} {}", session.child.id());
        assert!(
            Command::new("sh")
                .args(["-c", &kill])
                .status()
                .unwrap()
                .success()
        );
        session.wait_for(&format!("stopped by signal {number}"));
        assert_eq!(session.code(), Some(128 + number));
    }
}

#[test]
fn signals_of_faults_end_the_program_and_give_the_terminal_back() {
    for signal in [
        Signal::ABORT,
        Signal::SEGV,
        Signal::BUS,
        Signal::ILL,
        Signal::FPE,
        Signal::TRAP,
        Signal::SYS,
    ] {
        let session = running();
        session.signal(signal);
        assert_eq!(session.end().signal(), Some(signal.as_raw()));
    }
}

/// Runs `script` in a shell, with the program's path and a guest as arguments.
fn shell(script: &str, name: &str, more: &[&str]) -> Command {
    let mut command = Command::new("sh");
    let program = env!("CARGO_BIN_EXE_trine");
    command.args(["-c", script, "sh", program]).arg(guest(name));
    command.args(more);
    with_default_signals(&mut command);
    command
}

#[test]
fn what_the_parent_ignores_stays_ignored() {
    let script = "trap '' HUP; exec \"$1\" run --bios none --kernel \"$2\"";
    let mut session = Terminal::new().start(shell(script, "echo", &[]));
    session.wait_for("the keys\r\n");
    session.signal(Signal::HUP);
    // It would be over by then.
    thread::sleep(Duration::from_millis(500));
    session.type_keys(b"still here");
    session.wait_for("still here");
    session.type_keys(b"\x01x");
    assert_eq!(session.code(), Some(0));
}

/// Waits until the program is stopped, as `ps` would show it.
fn wait_until_stopped(session: &Session) {
    let path = format!("/proc/{}/stat", session.child.id());
    for _ in 0..3000 {
        let stat = fs::read_to_string(&path).unwrap();
        if stat.contains(") T ") {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("the program is not stopped");
}

#[test]
fn a_stopped_program_lends_the_terminal() {
    let mut session = running();
    for round in ["once", "twice"] {
        session.signal(Signal::TSTP);
        wait_until_stopped(&session);
        assert!(!session.terminal.is_raw());
        session.signal(Signal::CONT);
        for _ in 0..3000 {
            if session.terminal.is_raw() {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        assert!(session.terminal.is_raw());
        session.type_keys(round.as_bytes());
        session.wait_for(round);
    }
    session.type_keys(b"\x01x");
    assert_eq!(session.code(), Some(0));
}

#[test]
fn a_disk_beyond_the_limit_on_files_is_an_error_of_the_guests() {
    let directory = tempfile::tempdir().unwrap();
    let disk = directory.path().join("disk");
    File::create(&disk).unwrap().set_len(1 << 20).unwrap();
    let option = format!("{},transport=mmio", disk.display());
    let run = "exec \"$1\" run --bios none --kernel \"$2\" --disk \"$3\" --timeout 60";
    for (script, code) in [(run.to_owned(), 0), (format!("ulimit -f 1; {run}"), 1)] {
        let mut command = shell(&script, "disk", &[&option]);
        let mut child = command.stdin(Stdio::null()).spawn().unwrap();
        assert_eq!(wait_for_end(&mut child).code(), Some(code), "{script}");
    }
}

#[test]
fn a_console_beyond_the_limit_on_files_is_said_to_be_lost() {
    let directory = tempfile::tempdir().unwrap();
    let option = format!("file:{}", directory.path().join("console").display());
    let script =
        "ulimit -f 1; exec \"$1\" run --bios none --kernel \"$2\" --console \"$3\" --timeout 2";
    let mut command = shell(script, "flood", &[&option]);
    let command = command.stdin(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let status = wait_for_end(&mut child);
    let mut error = String::new();
    child.stderr.unwrap().read_to_string(&mut error).unwrap();
    assert_eq!(status.code(), Some(124), "{error}");
    assert!(error.contains("console: File too large"), "{error}");
}
