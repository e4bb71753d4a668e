//! A terminal with the program on it.

use std::{
    fs::File,
    io::{Read, Write},
    os::{fd::OwnedFd, unix::process::CommandExt},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{Mode, OFlags, fcntl_setfl},
    process::{Pid, Signal, kill_process},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, Termios, tcgetattr},
};

use vm_testing::DEADLINE;

use super::{guest, trine, wait_for_end};

/// A terminal on which no program runs yet.
pub struct Terminal {
    pub keyboard: File,
    /// Keeps the terminal open, and shows its mode.
    pub device: OwnedFd,
    before: Termios,
}

impl Terminal {
    pub fn new() -> Self {
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        fcntl_setfl(&keyboard, OFlags::RDWR | OFlags::NONBLOCK).unwrap();
        grantpt(&keyboard).unwrap();
        unlockpt(&keyboard).unwrap();
        let name = ptsname(&keyboard, Vec::new()).unwrap();
        let flags = OFlags::RDWR | OFlags::NOCTTY;
        let device = rustix::fs::open(name.as_c_str(), flags, Mode::empty()).unwrap();
        let before = tcgetattr(&device).unwrap();
        Self {
            keyboard: keyboard.into(),
            device,
            before,
        }
    }

    /// Starts a program with all its streams here.
    pub fn start(self, mut command: Command) -> Session {
        let stdio = || Stdio::from(self.device.try_clone().unwrap());
        let child = command.stdin(stdio()).stdout(stdio()).stderr(stdio());
        let child = child.spawn().unwrap();
        Session {
            terminal: self,
            child,
            screen: String::new(),
        }
    }

    /// Whether keys are passed on one by one.
    pub fn is_raw(&self) -> bool {
        let mode = tcgetattr(&self.device).unwrap();
        !mode.local_modes.contains(LocalModes::ICANON)
    }

    /// Waits until keys can be typed or output read.
    fn wait_ready(&self, flags: PollFlags, patience: Duration, what: &str) {
        let time = Timespec::try_from(patience).unwrap();
        let mut keyboard = [PollFd::new(&self.keyboard, flags)];
        assert!(poll(&mut keyboard, Some(&time)).unwrap() > 0, "no {what}");
    }

    fn assert_as_before(&self, end: &str) {
        let after = tcgetattr(&self.device).unwrap();
        assert_eq!(after.local_modes, self.before.local_modes, "{end}");
        assert_eq!(after.input_modes, self.before.input_modes, "{end}");
        assert_eq!(after.output_modes, self.before.output_modes, "{end}");
    }
}

/// Has the program not inherit what the tests' own parent ignores, such as SIGHUP
/// under nohup(1) and SIGINT in a script's background: it would stay ignored.
#[expect(unsafe_code, reason = "the child is prepared before it is the program")]
pub fn with_default_signals(command: &mut Command) {
    let reset = || {
        for signal in 1..32 {
            // SAFETY: signal(2) may be called between fork and exec; the default
            // action is no code of ours. SIGKILL and SIGSTOP are refused.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
        }
        Ok(())
    };
    // SAFETY: `reset` makes system calls alone; it takes no lock and no memory.
    unsafe { command.pre_exec(reset) };
}

/// The command that runs a small guest.
pub fn run_guest(name: &str, more: &[&str]) -> Command {
    let program = guest(name);
    let program = program.to_str().unwrap();
    let args = ["run", "--bios", "none", "--kernel", program];
    trine(&[&args, more].concat())
}

/// A program on a terminal.
pub struct Session {
    pub terminal: Terminal,
    pub child: Child,
    pub screen: String,
}

impl Drop for Session {
    /// Leaves no program behind when a test fails.
    fn drop(&mut self) {
        // It has ended already where the test got that far.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Session {
    /// Starts a small guest.
    pub fn guest(name: &str, more: &[&str]) -> Self {
        Terminal::new().start(run_guest(name, more))
    }

    /// Waits until `text` has appeared.
    pub fn wait_for(&mut self, text: &str) {
        self.read_until(text, |screen| screen.contains(text));
    }

    /// Reads the screen until `done` likes it.
    pub fn read_until(&mut self, what: &str, done: impl Fn(&str) -> bool) {
        let deadline = Instant::now() + DEADLINE;
        let mut buffer = [0; 4096];
        while !done(&self.screen) {
            let left = deadline.saturating_duration_since(Instant::now());
            let tail = self.screen.len().saturating_sub(500);
            let missing = format!("{what} after: {}", &self.screen[tail..]);
            self.terminal.wait_ready(PollFlags::IN, left, &missing);
            let len = self.terminal.keyboard.read(&mut buffer).unwrap();
            self.screen += &String::from_utf8_lossy(&buffer[..len]);
        }
    }

    /// Types, as fast as the program reads.
    pub fn type_keys(&mut self, mut keys: &[u8]) {
        while !keys.is_empty() {
            self.terminal
                .wait_ready(PollFlags::OUT, DEADLINE, "room for keys");
            let typed = self.terminal.keyboard.write(keys);
            // A terminal may have less room than it seems.
            keys = &keys[typed.unwrap_or(0)..];
        }
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end. The terminal must be as before.
    pub fn end(mut self) -> ExitStatus {
        let status = wait_for_end(&mut self.child);
        self.terminal.assert_as_before(&status.to_string());
        status
    }

    /// Waits for the end and returns the exit code.
    pub fn code(self) -> Option<i32> {
        self.end().code()
    }
}
