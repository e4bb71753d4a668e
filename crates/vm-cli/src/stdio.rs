//! The standard streams without buffers and locks: who waits in one must not
//! make others wait.

use std::io::{self, Read, Write};

use vm_device::console::Patient;

#[cfg(unix)]
mod streams {
    use std::{fs::File, io, os::fd::AsFd};

    pub fn stdin() -> io::Result<File> {
        Ok(io::stdin().as_fd().try_clone_to_owned()?.into())
    }

    pub fn stdout() -> io::Result<File> {
        Ok(io::stdout().as_fd().try_clone_to_owned()?.into())
    }

    pub fn stderr() -> io::Result<File> {
        Ok(io::stderr().as_fd().try_clone_to_owned()?.into())
    }
}

/// The library's streams, which convert text for consoles.
#[cfg(not(unix))]
mod streams {
    use std::io::{self, Stderr, Stdin, Stdout};

    pub fn stdin() -> io::Result<Stdin> {
        Ok(io::stdin())
    }

    pub fn stdout() -> io::Result<Stdout> {
        Ok(io::stdout())
    }

    pub fn stderr() -> io::Result<Stderr> {
        Ok(io::stderr())
    }
}

/// Standard input.
///
/// # Errors
/// Whatever the host says.
pub fn stdin() -> io::Result<impl Read + Send> {
    streams::stdin().map(Patient::new)
}

/// Standard output.
///
/// # Errors
/// Whatever the host says.
pub fn stdout() -> io::Result<impl Write + Send> {
    streams::stdout().map(Patient::new)
}

/// Standard error.
///
/// # Errors
/// Whatever the host says.
pub fn stderr() -> io::Result<impl Write + Send> {
    streams::stderr().map(Patient::new)
}
