//! The program on a terminal.

#![cfg(unix)]

mod common;

use common::{
    terminal::{Session, Terminal},
    trine,
};
use rustix::process::Signal;

#[test]
fn keys_control_the_machine() {
    let mut session = Session::guest("echo", &[]);
    session.wait_for("Ctrl-A x quits");
    // The keys are ours from here on, also those that a shell would act on.
    session.type_keys(b"abc");
    session.wait_for("abc");
    assert!(session.terminal.is_raw());
    session.type_keys(b"\x01h");
    session.wait_for("send Ctrl-A to the guest");
    session.type_keys(b"\x03<\x01\x01>");
    session.wait_for("\x03<\x01>");
    session.type_keys(b"\x01x");
    assert_eq!(session.code(), Some(0));
}

#[test]
fn the_guests_end_gives_the_terminal_back() {
    let mut session = Session::guest("echo", &[]);
    session.wait_for("Ctrl-A x quits");
    session.type_keys(b"\x04");
    assert_eq!(session.code(), Some(0));
}

#[test]
fn signals_give_the_terminal_back() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        let mut session = Session::guest("echo", &[]);
        session.wait_for("Ctrl-A x quits");
        session.type_keys(b"ready");
        session.wait_for("ready");
        session.signal(signal);
        assert_eq!(session.code(), Some(code));
    }
}

#[test]
fn an_error_leaves_the_terminal_alone() {
    let mut session = Terminal::new().start(trine(&["run", "--kernel", "/no/such"]));
    session.wait_for("No such file");
    assert_eq!(session.code(), Some(1));
}
