//! `cargo xtask loom`.

use anyhow::Result;
use clap::Args;

use crate::process;

/// Runs what threads share in every order: the table of reservations and the worker of
/// virtio devices, by loom
#[derive(Debug, Args)]
pub struct Loom {}

impl Loom {
    /// Runs it.
    ///
    /// # Errors
    /// If some order breaks a promise.
    pub fn run(&self) -> Result<()> {
        process::run(process::cargo().args(["test", "-p", "vm-loom"]))
    }
}
