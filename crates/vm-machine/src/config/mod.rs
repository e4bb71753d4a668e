//! What a machine is made of, from the command line or from a file.

mod choice;
mod disk;
mod engine;
mod file;
mod options;
mod setting;
mod size;
mod stats;
mod suggest;
mod trace;
mod validate;

use std::path::PathBuf;

use vm_core::GuestArch;
use vm_optimizers::TierPolicy;

pub use choice::{Bios, ChoiceError, Console, ConsoleDevice, Kernel};
pub use disk::{DiskConfig, DiskError, Transport};
pub use engine::EngineChoice;
pub use file::{ConfigFileError, load};
pub use options::MachineOptions;
pub use setting::{Setting, name_settings};
pub use size::{ByteSize, SizeError};
pub use stats::StatsOutput;
pub use trace::{AddressRange, TraceOutput};
pub use validate::OptionError;

/// The most vCPUs a machine can have.
pub const MAX_CPUS: u32 = 64;
/// The least RAM a machine can have.
pub const MIN_MEMORY: ByteSize = ByteSize::mib(4);
/// The most RAM a machine can have.
pub const MAX_MEMORY: ByteSize = ByteSize::mib(512 << 10);
/// The RAM of a machine for which nothing was said.
pub const DEFAULT_MEMORY: ByteSize = ByteSize::mib(1 << 10);

/// A machine whose settings have been checked. Made by [`MachineOptions::build`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MachineConfig {
    /// The guest's architecture.
    pub arch: GuestArch,
    /// The kernel, or the bare-metal program.
    pub kernel: Option<PathBuf>,
    /// The initial RAM file system.
    pub initrd: Option<PathBuf>,
    /// The kernel's command line.
    pub append: String,
    /// The number of vCPUs, 1 to [`MAX_CPUS`].
    pub cpus: u32,
    /// The size of the RAM, a multiple of 4 KiB.
    pub memory: ByteSize,
    /// The disks, in the order in which the guest sees them.
    pub disks: Vec<DiskConfig>,
    /// The firmware.
    pub bios: Bios,
    /// The console.
    pub console: Console,
    /// The device that the console is attached to.
    pub console_device: ConsoleDevice,
    /// How the guest is executed.
    pub engine: EngineChoice,
    /// When the JIT compiles, and how much memory it takes.
    pub tiers: TierPolicy,
    /// Whether a reset ends the machine.
    pub no_reboot: bool,
    /// The file that receives the test signature of a bare-metal program.
    pub signature: Option<PathBuf>,
    /// Whether generated code is named for Linux's `perf`.
    pub perf_map: bool,
    /// Where the trace of the blocks that run goes.
    pub trace: Option<TraceOutput>,
    /// The blocks that are traced: those that start there.
    pub trace_range: Option<AddressRange>,
}

impl MachineConfig {
    /// A machine of which nothing has been said yet.
    pub fn builder() -> MachineOptions {
        MachineOptions::default()
    }
}
