//! What the tests of the program share.

#![allow(dead_code, reason = "each test uses a part of it")]

#[cfg(unix)]
pub mod terminal;

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus},
    thread,
    time::{Duration, Instant},
};

use vm_testing::DEADLINE;

/// A small guest; the sources are in `guests/tests`.
pub fn guest(name: &str) -> PathBuf {
    let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests/tests");
    guests.join(format!("{name}.elf"))
}

/// The program, in surroundings without a network and without a cache.
pub fn trine(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trine"));
    let nowhere = Path::new(env!("CARGO_TARGET_TMPDIR")).join("empty-cache");
    command
        .args(args)
        .env("HOME", &nowhere)
        .env("XDG_CACHE_HOME", &nowhere)
        // Nothing listens on the discard port.
        .env("TRINE_MIRROR", "http://127.0.0.1:9/debian")
        .env_remove("http_proxy")
        .env_remove("TRINE_LOG");
    #[cfg(unix)]
    terminal::with_default_signals(&mut command);
    command
}

/// Waits for the program's end.
pub fn wait_for_end(child: &mut Child) -> ExitStatus {
    let deadline = Instant::now() + DEADLINE;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!("the program does not end");
        }
        thread::sleep(Duration::from_millis(5));
    }
}
