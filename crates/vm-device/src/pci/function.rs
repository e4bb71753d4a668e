//! What plugs into a PCI host.

use vm_core::{AccessSize, snapshot::Snapshot};

use super::config::{ConfigChange, PciConfig};

/// One PCI function. Called by any vCPU thread at any time.
///
/// A function saves its [`PciConfig`] with its own state
/// ([`PciConfig::save_state`]); the host maps its BARs anew after a restore.
pub trait PciFunction: Snapshot + Send + Sync {
    /// A short stable name for logs, errors and snapshots, such as `virtio-blk0`.
    fn name(&self) -> &str;

    /// Its configuration space.
    fn config(&self) -> &PciConfig;

    /// Reads `size` bytes (1, 2 or 4) of configuration space. Overridden by
    /// functions with registers there that are more than storage.
    fn config_read(&self, offset: u16, size: AccessSize) -> u32 {
        self.config().read(offset, size)
    }

    /// Writes `size` bytes (1, 2 or 4) of configuration space; an override
    /// passes on what [`PciConfig::write`] returned.
    fn config_write(&self, offset: u16, size: AccessSize, value: u32) -> ConfigChange {
        self.config().write(offset, size, value)
    }

    /// Reads `size` bytes at `offset` of BAR `bar`; the access is inside it,
    /// but not necessarily aligned. Unimplemented registers read as zero.
    fn bar_read(&self, bar: usize, offset: u64, size: AccessSize) -> u64;

    /// Writes the low `size` bytes of `value` at `offset` of BAR `bar`.
    fn bar_write(&self, bar: usize, offset: u64, size: AccessSize, value: u64);
}
