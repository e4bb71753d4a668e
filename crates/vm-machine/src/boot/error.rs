//! What can be wrong with the files of a guest.

use std::{io, path::PathBuf};

use crate::config::{ByteSize, Setting};

/// A guest that cannot be loaded. Names the setting, the file, the cause, and
/// what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BootError {
    /// The file cannot be read.
    #[error("{setting} {}: cannot read the file: {cause}", .path.display())]
    Read {
        /// The setting that named the file.
        setting: Setting,
        /// The file.
        path: PathBuf,
        /// What the host said.
        cause: io::Error,
    },
    /// A file cannot be read again for a reset.
    #[error("a file of the guest was changed while the machine ran: {cause}; start it again")]
    Changed {
        /// What is the matter with it.
        cause: String,
    },
    /// The file is not of a kind that can be started.
    #[error("{setting} {}: {cause}", .path.display())]
    Format {
        /// The setting that named the file.
        setting: Setting,
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what would be right.
        cause: String,
    },
    /// The file does not fit.
    #[error(
        "{setting} {}: needs {needed} bytes of memory, and the machine has {memory}: \
         give it more with {memory_setting}", .path.display(), memory_setting = Setting::Memory
    )]
    TooLarge {
        /// The setting that named the file.
        setting: Setting,
        /// The file.
        path: PathBuf,
        /// Bytes of memory that it takes, or as many of them as are known.
        needed: u64,
        /// The machine's RAM.
        memory: ByteSize,
    },
    /// A part of the program belongs where there is no RAM.
    #[error(
        "{setting} {}: the program has {len} bytes at {addr:#x}, but RAM is from {ram_start:#x} \
         to {ram_end:#x} ({memory_setting} {memory}): link it for those addresses",
        .path.display(), memory_setting = Setting::Memory
    )]
    OutsideRam {
        /// The setting that named the file.
        setting: Setting,
        /// The file.
        path: PathBuf,
        /// First address of the part.
        addr: u64,
        /// Its length in bytes.
        len: u64,
        /// First address of RAM.
        ram_start: u64,
        /// First address behind RAM.
        ram_end: u64,
        /// The machine's RAM.
        memory: ByteSize,
    },
    /// Two things belong at the same addresses.
    #[error(
        "{first} ({first_start:#x} to {first_end:#x}) and {second} ({second_start:#x} to \
         {second_end:#x}) overlap: use a smaller one, or link one for another address"
    )]
    Overlap {
        /// The one that is lower.
        first: String,
        /// First address of the lower one.
        first_start: u64,
        /// First address behind the lower one.
        first_end: u64,
        /// The other one.
        second: String,
        /// First address of the other one.
        second_start: u64,
        /// First address behind the other one.
        second_end: u64,
    },
    /// There is not enough room above the programs.
    #[error(
        "{what}: needs {needed} bytes of memory in one piece, and {free} are left of {memory}: \
         {taken}; {remedy}"
    )]
    NoRoom {
        /// What does not fit.
        what: String,
        /// Its length in bytes.
        needed: u64,
        /// The bytes there are for it.
        free: u64,
        /// The machine's RAM.
        memory: ByteSize,
        /// What takes the rest.
        taken: String,
        /// What to do.
        remedy: String,
    },
    /// There is no kernel for the firmware to start.
    #[error("there is nothing to boot: add `{} FILE`", Setting::Kernel)]
    NothingToBoot,
    /// The device tree cannot be written.
    #[error("the device tree cannot be written: {0}")]
    DeviceTree(#[from] vm_fdt::Error),
    /// Guest memory refused what had been checked to fit.
    #[error("guest memory cannot be written: {0}")]
    Memory(#[from] vm_mem::RamError),
    /// The host has no random numbers for the guest.
    #[error("the host's random number generator failed: {0}")]
    Random(String),
}
