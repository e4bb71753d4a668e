//! The program on a terminal.

mod common;

use std::{
    fs::File,
    io::{Read, Write},
    os::fd::OwnedFd,
    process::{Child, Command, Stdio},
};

use common::{guest, trine};
use rustix::{
    fs::{Mode, OFlags},
    process::{Pid, Signal, kill_process},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, Termios, tcgetattr},
};

/// A terminal with the program on it.
struct Terminal {
    keyboard: File,
    /// Keeps the terminal open, and shows its mode.
    device: OwnedFd,
    before: Termios,
    child: Child,
    screen: String,
}

fn start(mut command: Command) -> Terminal {
    let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&keyboard).unwrap();
    unlockpt(&keyboard).unwrap();
    let name = ptsname(&keyboard, Vec::new()).unwrap();
    let flags = OFlags::RDWR | OFlags::NOCTTY;
    let device = rustix::fs::open(name.as_c_str(), flags, Mode::empty()).unwrap();
    let before = tcgetattr(&device).unwrap();
    let stdio = || Stdio::from(device.try_clone().unwrap());
    let child = command.stdin(stdio()).stdout(stdio()).stderr(stdio());
    let child = child.spawn().unwrap();
    Terminal {
        keyboard: keyboard.into(),
        device,
        before,
        child,
        screen: String::new(),
    }
}

impl Terminal {
    fn guest(name: &str) -> Self {
        let program = guest(name);
        start(trine(&[
            "run",
            "--bios",
            "none",
            "--kernel",
            program.to_str().unwrap(),
        ]))
    }

    /// Waits until `text` has appeared.
    fn wait_for(&mut self, text: &str) {
        let mut buffer = [0; 1024];
        while !self.screen.contains(text) {
            let len = self.keyboard.read(&mut buffer).unwrap();
            self.screen += &String::from_utf8_lossy(&buffer[..len]);
        }
    }

    fn type_keys(&mut self, keys: &[u8]) {
        self.keyboard.write_all(keys).unwrap();
    }

    fn is_raw(&self) -> bool {
        let mode = tcgetattr(&self.device).unwrap();
        !mode.local_modes.contains(LocalModes::ICANON)
    }

    /// Waits for the end; returns the exit code. The terminal must be as before.
    fn end(mut self) -> i32 {
        let code = self.child.wait().unwrap().code().unwrap();
        let after = tcgetattr(&self.device).unwrap();
        assert_eq!(after.local_modes, self.before.local_modes);
        assert_eq!(after.input_modes, self.before.input_modes);
        assert_eq!(after.output_modes, self.before.output_modes);
        code
    }
}

#[test]
fn keys_control_the_machine() {
    let mut terminal = Terminal::guest("echo");
    terminal.wait_for("Ctrl-A x quits");
    // The keys are ours from here on, also those that a shell would act on.
    terminal.type_keys(b"abc");
    terminal.wait_for("abc");
    assert!(terminal.is_raw());
    terminal.type_keys(b"\x01h");
    terminal.wait_for("send Ctrl-A to the guest");
    terminal.type_keys(b"\x03<\x01\x01>");
    terminal.wait_for("\x03<\x01>");
    terminal.type_keys(b"\x01x");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn the_guests_end_gives_the_terminal_back() {
    let mut terminal = Terminal::guest("echo");
    terminal.wait_for("Ctrl-A x quits");
    terminal.type_keys(b"\x04");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn signals_give_the_terminal_back() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        let mut terminal = Terminal::guest("echo");
        terminal.wait_for("Ctrl-A x quits");
        terminal.type_keys(b"ready");
        terminal.wait_for("ready");
        kill_process(Pid::from_child(&terminal.child), signal).unwrap();
        assert_eq!(terminal.end(), code);
    }
}

#[test]
fn an_error_leaves_the_terminal_alone() {
    let mut terminal = start(trine(&["run", "--kernel", "/no/such"]));
    terminal.wait_for("No such file");
    assert_eq!(terminal.end(), 1);
}
