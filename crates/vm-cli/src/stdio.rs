//! The standard streams without buffers and locks: who waits in one must not
//! make others wait.

use std::io::{self, Read, Write};

use vm_device::console::Patient;

use crate::os::streams;

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
