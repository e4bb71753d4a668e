//! Why a machine cannot be made or run.

use std::{io, path::PathBuf};

use vm_core::snapshot::SnapshotError;
use vm_engine::guest::RegisterError;

use crate::{
    boot::BootError,
    config::{ByteSize, DiskConfig, OptionError, Setting},
    files::FileError,
};

/// A machine that cannot be made or run. Names the setting, the value, the
/// cause, and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MachineError {
    /// A setting is wrong.
    #[error(transparent)]
    Option(#[from] OptionError),
    /// The guest cannot be loaded.
    #[error(transparent)]
    Boot(#[from] BootError),
    /// The host has not that much memory.
    #[error("{s} {memory}: {cause}", s = Setting::Memory)]
    Memory {
        /// The machine's RAM.
        memory: ByteSize,
        /// What the host said.
        cause: vm_mem::RamError,
    },
    /// The host refused what the JIT needs.
    #[error(
        "{s} jit: no memory for generated code: {_0}; use `{s} auto`, \
         which interprets the guest then", s = Setting::Engine
    )]
    Jit(io::Error),
    /// The host refused what every vCPU needs.
    #[error("the vCPUs cannot be made: {0}")]
    Vcpu(io::Error),
    /// A disk cannot be attached.
    #[error("{s} {disk}: {cause}", s = Setting::Disk)]
    Disk {
        /// The disk as it was configured.
        disk: String,
        /// Why not.
        cause: vm_device::virtio::BlockError,
    },
    /// More disks than there are places for.
    #[error("{s} {disk}: {cause}", s = Setting::Disk)]
    NoSlot {
        /// The first disk without a place.
        disk: String,
        /// How many there can be.
        cause: String,
    },
    /// The board's own devices do not fit together: a mistake in this program.
    #[error("the board cannot be built: {0}; please report this")]
    Board(String),
    /// The host has no thread left.
    #[error("cannot start a thread ({what}): {cause}; the host's limit may be reached")]
    Thread {
        /// What the thread was for.
        what: String,
        /// What the host said.
        cause: io::Error,
    },
    /// A thread of the machine ended that should not have: a mistake in this program.
    #[error("vCPU {vcpu} ended unexpectedly; please report this, with what is printed above")]
    VcpuLost {
        /// The vCPU's index.
        vcpu: usize,
    },
    /// A file cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// There is no signature to be written.
    #[error("{s} {}: {cause}", .path.display(), s = Setting::Signature)]
    Signature {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: String,
    },
    /// The state cannot be saved or restored.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// There is no such vCPU.
    #[error("there is no vCPU {vcpu}: the machine has {count}, numbered from 0")]
    NoVcpu {
        /// The index that was asked for.
        vcpu: usize,
        /// How many there are.
        count: usize,
    },
    /// A register cannot be read or written.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// The host cannot watch for so many breakpoints.
    #[error("the breakpoints cannot be set: {0}; remove some")]
    Breakpoints(io::Error),
    /// Nothing is at a virtual address.
    #[error("virtual address {va:#x} is not mapped for vCPU {vcpu}")]
    NotMapped {
        /// The vCPU's index.
        vcpu: usize,
        /// The address.
        va: u64,
    },
    /// There is no RAM at a physical address.
    #[error("physical address {addr:#x} is not in guest RAM")]
    NotRam {
        /// The address.
        addr: u64,
    },
    /// Guest RAM cannot be read or written.
    #[error("guest memory cannot be accessed: {0}")]
    GuestMemory(#[from] vm_mem::RamError),
    /// The machine is gone, so it cannot be controlled.
    #[error("the machine has ended")]
    Ended,
}

impl MachineError {
    pub(crate) fn disk(disk: &DiskConfig, cause: vm_device::virtio::BlockError) -> Self {
        let disk = disk.to_string();
        Self::Disk { disk, cause }
    }
}
