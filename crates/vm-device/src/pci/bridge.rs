//! The host bridge: what the guest finds at device 0 of the root bus.

use vm_core::{
    AccessSize,
    snapshot::{Kind, SavedState, Snapshot, SnapshotError},
};

use super::{
    builder::{ConfigBuilder, Identity},
    config::{PciConfig, PciConfigState},
    function::PciFunction,
};

const KIND: Kind<PciConfigState> = Kind::new("pci-host-bridge", 1);

/// Red Hat's vendor ID, and the device ID it gave to generic PCIe host bridges.
const IDENTITY: Identity = Identity {
    vendor: 0x1b36,
    device: 0x0008,
    revision: 0,
    // Bridge device, host bridge.
    class: 0x06_0000,
    subsystem_vendor: 0x1af4,
    subsystem: 0x1100,
    pin: None,
};

/// The host bridge function: an identity and no registers of its own.
pub(super) struct HostBridge {
    config: PciConfig,
}

impl HostBridge {
    pub(super) fn new() -> Self {
        Self {
            config: ConfigBuilder::new(&IDENTITY).build(),
        }
    }
}

impl PciFunction for HostBridge {
    fn name(&self) -> &str {
        "pci-host-bridge"
    }

    fn config(&self) -> &PciConfig {
        &self.config
    }

    fn bar_read(&self, _bar: usize, _offset: u64, _size: AccessSize) -> u64 {
        0
    }

    fn bar_write(&self, _bar: usize, _offset: u64, _size: AccessSize, _value: u64) {}
}

impl Snapshot for HostBridge {
    fn save(&self) -> Result<SavedState, SnapshotError> {
        KIND.save(&self.config.save_state())
    }

    fn restore(&self, saved: &SavedState) -> Result<(), SnapshotError> {
        let state: PciConfigState = KIND.load(saved)?;
        self.config
            .restore_state(&state)
            .map_err(|cause| KIND.mismatch(cause))
    }
}
