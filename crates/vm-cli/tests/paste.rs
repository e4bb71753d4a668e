//! Input that comes faster than the guest reads it.

#![cfg(unix)]

mod common;

use common::terminal::{Session, Terminal, run_guest};

/// So many bytes, no two parts alike, without keys that mean something.
fn text(len: usize) -> String {
    let mut text: String = (0..).map(|n| format!("{n:x}.")).take(len / 2).collect();
    text.truncate(len);
    text
}

/// What the terminal shows of the guest.
fn shown(screen: &str) -> &str {
    screen.split("the keys\r\n").last().unwrap()
}

#[test]
fn a_paste_arrives_whole_however_slow_the_guest() {
    for len in [8_800, 300_000] {
        let mut session = Session::guest("echo", &[]);
        session.wait_for("the keys\r\n");
        let paste = text(len);
        // The guest is held up by its own output, which nobody reads yet.
        session.type_keys(paste.as_bytes());
        session.type_keys(b"<end>");
        session.wait_for("<end>");
        let shown = shown(&session.screen).strip_suffix("<end>").unwrap();
        assert_eq!(shown.len(), paste.len());
        assert!(shown == paste);
        session.type_keys(b"\x01x");
        assert_eq!(session.code(), Some(0));
    }
}

#[test]
fn keys_work_behind_a_paste_that_the_guest_does_not_read() {
    let mut session = Session::guest("echo", &[]);
    session.wait_for("the keys\r\n");
    session.type_keys(text(2_000_000).as_bytes());
    session.type_keys(b"\x01x");
    assert_eq!(session.code(), Some(0));
}

#[test]
fn what_was_typed_before_the_start_is_the_guests() {
    let mut terminal = Terminal::new();
    std::io::Write::write_all(&mut terminal.keyboard, b"early\n").unwrap();
    let mut session = terminal.start(run_guest("echo", &[]));
    session.wait_for("the keys\r\n");
    // The terminal has shown it when it was typed.
    session.read_until("echo", |screen| screen.matches("early").count() == 2);
    session.type_keys(b"\x01x");
    assert_eq!(session.code(), Some(0));
}
