//! What every virtio device does, whatever it is plugged into.

use std::sync::Arc;

use vm_core::snapshot::Snapshot;

use super::{interrupt::DeviceLink, queue::Virtqueue};

/// What a device needs while its driver runs.
#[derive(Clone)]
pub struct Activation {
    /// The negotiated features.
    pub features: u64,
    /// The device's queues, in order; those the driver did not enable are empty.
    pub queues: Vec<Arc<Virtqueue>>,
    /// The way to the driver.
    pub link: Arc<DeviceLink>,
}

impl Activation {
    /// Whether all of `features` were negotiated.
    pub fn has(&self, features: u64) -> bool {
        self.features & features == features
    }
}

/// A virtio device without its transport.
///
/// The saved state of [`Snapshot`] is only what belongs to the device type:
/// queues, features and status are the transport's. A device with a thread
/// implements [`Snapshot::quiesce`] and [`Snapshot::resume`].
pub trait VirtioDevice: Snapshot + Send + Sync {
    /// The device type (§5), see [`device_id`](super::spec::device_id).
    fn device_id(&self) -> u16;

    /// The features of the device type that it offers (bits 0 to 23 and from 50 on).
    fn features(&self) -> u64;

    /// The largest size of each queue: powers of two.
    fn queue_sizes(&self) -> &[u16];

    /// Reads the configuration space at `offset`; bytes past its end are zero.
    fn read_config(&self, offset: u64, data: &mut [u8]);

    /// Writes the configuration space; what cannot be written is ignored.
    fn write_config(&self, _offset: u64, _data: &[u8]) {}

    /// Changes whenever the device itself changes its configuration space (§2.5).
    fn config_generation(&self) -> u32 {
        0
    }

    /// Features are agreed on; may still change until the device is activated.
    fn features_accepted(&self, _features: u64) {}

    /// The driver is ready: serve the queues, beginning with what is in them.
    fn activate(&self, activation: Activation);

    /// The driver put requests into `queue`. Never waits for the host.
    fn notify(&self, queue: u16);

    /// Forgets the activation; when it returns, the device touches neither
    /// memory nor interrupts.
    fn deactivate(&self);

    /// A device reset (§2.4), after [`deactivate`](Self::deactivate).
    fn reset(&self) {}
}

/// Copies from a configuration space of the given bytes; zeros past its end.
pub(super) fn read_bytes(config: &[u8], offset: u64, data: &mut [u8]) {
    for (position, byte) in (offset..).zip(data) {
        *byte = usize::try_from(position)
            .ok()
            .and_then(|position| config.get(position))
            .copied()
            .unwrap_or(0);
    }
}
