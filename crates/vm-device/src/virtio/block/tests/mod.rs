//! Block devices, driven through every transport.

mod disk;
mod files;
mod fuzz;
mod lifecycle;
mod requests;

pub(super) use self::disk::{DiskDriver, TestDisk};
