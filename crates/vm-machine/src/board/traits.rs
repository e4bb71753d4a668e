//! What a machine asks of its board.

use std::{fmt, io, sync::Arc};

use vm_core::{GuestArch, PowerSink, snapshot::Snapshot};
use vm_device::virtio::FileBackend;
use vm_engine::vcpu::{Engine, Vcpu};
use vm_mem::GuestRam;

use super::Description;
use crate::{
    boot::{BootError, BootProtocol, Entry, Symbols},
    config::{MachineConfig, Setting},
    console::HostConsole,
    error::MachineError,
    firmware::HostFirmware,
};

/// A model of board: what is known of it before a machine has one.
pub(crate) trait BoardModel: fmt::Debug + Sync {
    /// The architecture of its guests.
    fn arch(&self) -> GuestArch;

    /// The first address of its RAM.
    fn ram_base(&self) -> u64;

    /// The device tree must end below this address.
    fn device_tree_limit(&self) -> u64;

    /// How its guests start.
    fn boot_protocol(&self) -> &dyn BootProtocol;

    /// The device tree as a flattened blob.
    ///
    /// # Errors
    /// [`BootError`] if it cannot be written.
    fn device_tree(&self, description: &Description<'_>) -> Result<Vec<u8>, BootError>;

    /// The setting by which a machine has the device of that name, or has not, if that
    /// is one that only such boards have.
    fn setting_of(&self, _device: &str) -> Option<Setting> {
        None
    }

    /// A board in its state after power-on, with empty memory.
    ///
    /// # Errors
    /// [`MachineError`] if the host cannot provide the memory, a thread, or a disk.
    fn build(&self, parts: &BoardParts<'_>) -> Result<Box<dyn Board>, MachineError>;
}

/// What a board is made of that is not on it.
pub(crate) struct BoardParts<'a> {
    /// The machine's settings.
    pub(crate) config: &'a MachineConfig,
    /// The contents of its disks.
    pub(crate) disks: &'a [Arc<FileBackend>],
    /// The host's end of the console.
    pub(crate) console: &'a HostConsole,
    /// Who hears of power events.
    pub(crate) power: Arc<dyn PowerSink>,
    /// What the guest's symbols say, if it is a bare-metal program.
    pub(crate) symbols: Symbols,
    /// What the guest's clock starts at, in nanoseconds.
    pub(crate) clock_ns: u64,
}

/// The memory, the devices, and the firmware that the host serves.
pub(crate) trait Board: Send {
    /// The guest's RAM.
    fn ram(&self) -> &GuestRam;

    /// The guest's clock, in nanoseconds since power-on.
    fn clock_ns(&self) -> u64;

    /// What has state, in the order in which it is restored.
    fn components(&self) -> &[Component];

    /// The firmware, if the host serves it.
    fn firmware(&self) -> Option<&dyn HostFirmware>;

    /// Makes the vCPUs, which `engine` executes; to be called once, or again after it
    /// has failed. They are about to begin at `entry`; without one, their state is yet
    /// to be restored.
    ///
    /// # Errors
    /// The host's, if it has not got what the engine needs.
    fn make_vcpus(&self, engine: Engine, entry: Option<Entry>) -> io::Result<Vec<Box<dyn Vcpu>>>;

    /// Starts what runs beside the vCPUs, unless it runs.
    ///
    /// # Errors
    /// [`MachineError`] if the host has no thread left.
    fn start(&self) -> Result<(), MachineError> {
        Ok(())
    }

    /// Stops what runs beside the vCPUs.
    fn stop(&self) {}
}

/// Something whose state a snapshot holds.
pub(crate) struct Component {
    /// Its name in the snapshot.
    pub(crate) name: String,
    /// The device.
    pub(crate) device: Arc<dyn Snapshot + Send + Sync>,
}
