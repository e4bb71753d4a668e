//! A Debian archive: its signed release file, and the package index below it.

mod packages;
mod release;

pub use packages::{Package, PackageIndex};
pub use release::{Expected, Release};
