//! `trine image`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use vm_core::GuestArch;

/// Manage the images that `trine run` uses when no kernel is named
#[derive(Debug, Args)]
pub struct ImageArgs {
    /// What to do with them.
    #[command(subcommand)]
    pub command: ImageCommand,
}

/// What to do with images.
#[derive(Debug, Subcommand)]
pub enum ImageCommand {
    /// Download an image, or bring it up to date
    ///
    /// The packages come from the mirror that this host's package manager uses,
    /// and are checked against the distribution's signature.
    Pull {
        /// The image, such as debian:13
        #[arg(value_name = "IMAGE", default_value = "debian:13")]
        image: String,
        /// The guest's architecture: riscv64, aarch64 or x86_64
        #[arg(long, value_name = "ARCH", default_value = "riscv64")]
        arch: GuestArch,
        /// The root of the distribution's archive, in place of this host's mirror
        ///
        /// The environment variable TRINE_MIRROR does the same.
        #[arg(long, value_name = "URL")]
        mirror: Option<String>,
        /// The keyring that decides whose signatures count
        #[arg(long, value_name = "FILE")]
        keyring: Option<PathBuf>,
    },
    /// List the images that are on this host
    List,
    /// Remove an image from this host
    Rm {
        /// The image, such as debian:13
        #[arg(value_name = "IMAGE")]
        image: String,
        /// The guest's architecture: riscv64, aarch64 or x86_64
        #[arg(long, value_name = "ARCH", default_value = "riscv64")]
        arch: GuestArch,
    },
}
