//! Programs of others that the project's commands need, kept under
//! `target/tools` so that nothing on the machine changes.

pub mod compilers;
pub mod cross;
pub mod debian;
pub mod deny;
pub mod emulated;
pub mod qemu;
pub mod rustc;
pub mod spike;
pub mod wheel;

use std::path::PathBuf;

/// Where they are kept.
pub fn directory() -> PathBuf {
    crate::workspace::target().join("tools")
}
