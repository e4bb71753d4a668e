//! Guest images made from a distribution's archive.
//!
//! [`pull`] downloads a kernel and a static busybox of the chosen architecture from a
//! Debian mirror, checks them (OpenPGP signature of the release, then SHA-256 down to
//! every package), and assembles a kernel and an initramfs in a cache. [`cached`] finds
//! them there again without a network; [`ensure`] does whichever is needed.
//!
//! Knows nothing about machines, consoles or the command line: progress is reported
//! through [`Progress`], and the result is two files and a kernel command line.
//!
//! ```no_run
//! use vm_core::GuestArch;
//! use vm_image::{ImageRef, PullOptions, Silent, default_cache_dir, ensure};
//!
//! # fn main() -> Result<(), vm_image::ImageError> {
//! let image = ImageRef::parse("debian:13")?;
//! let options = PullOptions::new(GuestArch::Riscv64, default_cache_dir()?);
//! let image = ensure(&image, &options, &Silent)?;
//! println!("{} {} {}", image.kernel.display(), image.initrd.display(), image.cmdline);
//! # Ok(())
//! # }
//! ```

mod archive;
mod cache;
mod control;
mod digest;
mod error;
mod guest;
mod initramfs;
mod kernel;
mod mirror;
mod openpgp;
mod package;
mod progress;
mod pull;
mod reference;
#[cfg(test)]
mod testing;
mod transport;

pub use cache::{
    Image, Manifest, ManifestFile, ManifestPackage, cached, default_cache_dir, list, remove,
};
pub use error::ImageError;
pub use guest::command_argument;
pub use initramfs::cpio;
pub use progress::{Progress, Silent};
pub use pull::{PullOptions, ensure, pull};
pub use reference::ImageRef;
