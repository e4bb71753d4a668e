//! The standard streams, as bytes.

use std::{fs::File, io, os::fd::AsFd};

pub fn stdin() -> io::Result<File> {
    file(io::stdin())
}

pub fn stdout() -> io::Result<File> {
    file(io::stdout())
}

pub fn stderr() -> io::Result<File> {
    file(io::stderr())
}

fn file(stream: impl AsFd) -> io::Result<File> {
    Ok(stream.as_fd().try_clone_to_owned()?.into())
}
