//! What the tests of the program share.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

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
    command
}
