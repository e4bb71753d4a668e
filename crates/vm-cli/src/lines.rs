//! Lines for the user. Unlike with `println!`, nobody reading them is no
//! reason to panic: the guest runs on when the reader of a pipe has left.

use std::{
    fmt::Display,
    io::{Write as _, stderr, stdout},
};

/// Writes a line to stdout, if anybody reads it.
pub fn out(line: impl Display) {
    let _ = writeln!(stdout(), "{line}");
}

/// Writes a line to stderr, if anybody reads it.
pub fn err(line: impl Display) {
    let _ = writeln!(stderr(), "{line}");
}
