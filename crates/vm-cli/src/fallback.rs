//! The guest that is part of this program, for a first run without a network.

use std::io::Write;

use tempfile::NamedTempFile;
use vm_core::GuestArch;
use vm_machine::config::{Bios, MachineOptions, OptionError};

use crate::error::CliError;

/// A bare-metal program; its source is beside it.
const HELLO_RISCV64: &[u8] = include_bytes!("../../../guests/hello/riscv64.elf");

/// Settings that run the embedded guest, and its file, which is to be kept
/// until the machine has been made.
///
/// # Errors
/// [`CliError`] if there is none for the architecture, or no place for the file.
pub fn guest(
    options: MachineOptions,
    arch: GuestArch,
) -> Result<(MachineOptions, NamedTempFile), CliError> {
    let program = match arch {
        GuestArch::Riscv64 => HELLO_RISCV64,
        GuestArch::Aarch64 | GuestArch::X86_64 => return Err(OptionError::Arch(arch).into()),
    };
    let write = || {
        let mut file = NamedTempFile::with_prefix("trine-hello-")?;
        file.write_all(program)?;
        Ok(file)
    };
    let file = write().map_err(CliError::host(
        "write the embedded guest to a temporary file",
    ))?;
    let mut options = options.kernel(file.path()).bios(Bios::None);
    options.append = None;
    Ok((options, file))
}
