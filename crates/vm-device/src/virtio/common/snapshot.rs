//! Saving and restoring what transports have in common.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use vm_core::snapshot::{SavedState, SnapshotError};

use super::{Common, driver::Driver};
use crate::virtio::{
    interrupt::is_live,
    queue::{QueuePosition, Virtqueue},
    spec::status,
};

/// The saved form of a [`Common`] and its device.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::virtio) struct CommonState {
    status: u8,
    driver: Driver,
    positions: Vec<QueuePosition>,
    device: SavedState,
}

impl Common {
    /// Takes the state; the caller has quiesced the device.
    pub(in crate::virtio) fn save(&self) -> Result<CommonState, SnapshotError> {
        let driver = self.driver.lock();
        let status = self.link.status();
        // Queues that are not served any more have no position.
        let position = |queue: &Arc<Virtqueue>| {
            let position = queue.position().filter(|_| is_live(status));
            position.unwrap_or_default()
        };
        Ok(CommonState {
            status,
            driver: driver.clone(),
            positions: self.queues.iter().map(position).collect(),
            device: self.device.save()?,
        })
    }

    /// Whether a state fits this device; with it, [`restore`](Self::restore)
    /// can only fail in the device itself.
    pub(in crate::virtio) fn check(
        &self,
        kind: &'static str,
        state: &CommonState,
    ) -> Result<(), SnapshotError> {
        let mismatch = |cause| SnapshotError::Mismatch { kind, cause };
        let (found, expected) = (state.driver.queues.len(), self.queues.len());
        if found != expected || state.positions.len() != expected {
            return Err(mismatch(format!("{found} queues instead of {expected}")));
        }
        // Until they are agreed on, the driver may have written anything.
        let agreed = state.status & status::FEATURES_OK != 0;
        let unknown = state.driver.features & !self.offered();
        if agreed && unknown != 0 {
            return Err(mismatch(format!(
                "the guest uses features {unknown:#x}, which the device does not offer now"
            )));
        }
        if is_live(state.status) {
            for (queue, layout) in self.queues.iter().zip(&state.driver.queues) {
                if layout.ready {
                    queue.check(layout).map_err(|e| mismatch(e.to_string()))?;
                }
            }
        }
        Ok(())
    }

    /// Replaces the state with a checked one; the caller has quiesced the device.
    pub(in crate::virtio) fn restore(&self, state: &CommonState) -> Result<(), SnapshotError> {
        let mut driver = self.driver.lock();
        self.device.restore(&state.device)?;
        self.stop();
        *driver = state.driver.clone();
        self.link.set_status(state.status);
        if is_live(state.status) {
            match self.start_queues(&driver, &state.positions) {
                Ok(()) => self.activate(&driver),
                Err(fault) => self.link.needs_reset(&fault),
            }
        }
        Ok(())
    }
}
