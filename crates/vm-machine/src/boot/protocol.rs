//! What differs between architectures in how guests start.

use vm_core::GuestPhysAddr;

use super::{BootError, Content, Program, read::Source};

/// How guests of an architecture start on a board: the formats of their programs, where
/// each of them belongs, and what runs first after a reset.
pub(crate) trait BootProtocol: Sync {
    /// Reads a kernel. `firmware_end` is the first address behind the firmware, if that
    /// is in guest memory.
    ///
    /// # Errors
    /// [`BootError`] if it is none, or damaged.
    fn read_kernel(
        &self,
        source: &Source<'_>,
        content: Content,
        firmware_end: Option<u64>,
    ) -> Result<Program, BootError>;

    /// Reads a program that runs without firmware, in the most privileged mode.
    ///
    /// # Errors
    /// [`BootError`] if it is none, or damaged.
    fn read_bare_metal(&self, source: &Source<'_>, content: Content) -> Result<Program, BootError>;

    /// Reads firmware.
    ///
    /// # Errors
    /// [`BootError`] if it is none, or damaged.
    fn read_firmware(&self, source: &Source<'_>, content: Content) -> Result<Program, BootError>;

    /// The code that vCPUs run at reset, and where.
    fn reset_code(&self, target: &ResetTarget) -> (GuestPhysAddr, Vec<u8>);
}

/// Where the code after reset goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ResetTarget {
    /// The program that runs first.
    pub(crate) start: u64,
    /// The device tree.
    pub(crate) dtb: u64,
    /// What the firmware starts; 0 for nothing.
    pub(crate) next: u64,
}
