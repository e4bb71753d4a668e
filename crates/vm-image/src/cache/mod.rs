//! Where finished images are kept.
//!
//! `CACHE/images/debian-13-riscv64/` holds `kernel`, `initrd` and `manifest.json`. An
//! image is made in a directory beside it and moved into place as a whole, under a lock.

mod lock;
mod manifest;
mod store;

pub use manifest::{Manifest, ManifestFile, ManifestPackage};
pub use store::{Image, cached, default_cache_dir, list, remove};
pub(crate) use {
    lock::CacheLock,
    manifest::{FORMAT, RECIPE},
    store::{INITRD, KERNEL, Staging, images_dir},
};
