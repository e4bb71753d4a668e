//! What every transport shows of a device: status, features and queues.

use std::sync::Arc;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tracing::debug;
use vm_core::snapshot::{SavedState, SnapshotError};

use super::{
    device::{Activation, VirtioDevice},
    dma::DmaMemory,
    fault::QueueFault,
    interrupt::{DeviceLink, Interrupt, is_live},
    queue::{QueueLayout, QueuePosition, Virtqueue},
    spec::{feature, status},
};

/// The transport-independent half of a device's registers.
pub(super) struct Common {
    device: Arc<dyn VirtioDevice>,
    link: Arc<DeviceLink>,
    queues: Vec<Arc<Virtqueue>>,
    driver: Mutex<Driver>,
}

/// What the driver told the device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Driver {
    device_feature_select: u32,
    driver_feature_select: u32,
    features: u64,
    queue_select: u16,
    queues: Vec<QueueLayout>,
}

/// The saved form of a [`Common`] and its device.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CommonState {
    status: u8,
    driver: Driver,
    positions: Vec<QueuePosition>,
    device: SavedState,
}

/// A queue's address registers.
#[derive(Debug, Clone, Copy)]
pub(super) enum QueueArea {
    /// The descriptor table.
    Descriptors,
    /// The available ring.
    Driver,
    /// The used ring.
    Device,
}

/// Half of a 64-bit register.
#[derive(Debug, Clone, Copy)]
pub(super) enum Half {
    Low,
    High,
}

impl Half {
    fn of(self, register: u64) -> u32 {
        match self {
            Self::Low => register as u32,
            Self::High => (register >> 32) as u32,
        }
    }

    fn replace(self, register: &mut u64, value: u32) {
        *register = match self {
            Self::Low => *register & !0xffff_ffff | u64::from(value),
            Self::High => *register & 0xffff_ffff | u64::from(value) << 32,
        };
    }
}

impl Driver {
    fn reset(queues: &[Arc<Virtqueue>]) -> Self {
        Self {
            device_feature_select: 0,
            driver_feature_select: 0,
            features: 0,
            queue_select: 0,
            queues: queues
                .iter()
                .map(|queue| QueueLayout {
                    size: queue.max_size(),
                    ..QueueLayout::default()
                })
                .collect(),
        }
    }

    fn selected(&self) -> Option<&QueueLayout> {
        self.queues.get(usize::from(self.queue_select))
    }

    fn event_idx(&self) -> bool {
        self.features & feature::RING_EVENT_IDX != 0
    }
}

/// The 32 feature bits that `select` shows; there are 64 so far.
fn feature_half(select: u32) -> Option<Half> {
    match select {
        0 => Some(Half::Low),
        1 => Some(Half::High),
        _ => None,
    }
}

impl QueueLayout {
    fn area(&mut self, area: QueueArea) -> &mut u64 {
        match area {
            QueueArea::Descriptors => &mut self.descriptors,
            QueueArea::Driver => &mut self.available,
            QueueArea::Device => &mut self.used,
        }
    }
}

impl Common {
    pub(super) fn new(
        name: String,
        device: Arc<dyn VirtioDevice>,
        memory: &DmaMemory,
        interrupt: &Arc<dyn Interrupt>,
    ) -> Self {
        let queues: Vec<_> = (0..)
            .zip(device.queue_sizes())
            .map(|(index, &size)| {
                let interrupt = Arc::clone(interrupt);
                Arc::new(Virtqueue::new(index, size, memory.clone(), interrupt))
            })
            .collect();
        Self {
            link: Arc::new(DeviceLink::new(name, Arc::clone(interrupt))),
            driver: Mutex::new(Driver::reset(&queues)),
            device,
            queues,
        }
    }

    pub(super) fn name(&self) -> &str {
        self.link.name()
    }

    pub(super) fn device(&self) -> &dyn VirtioDevice {
        &*self.device
    }

    fn offered(&self) -> u64 {
        self.device.features() | feature::COMMON
    }

    // Features (§2.2)

    pub(super) fn device_feature_select(&self) -> u32 {
        self.driver.lock().device_feature_select
    }

    pub(super) fn select_device_features(&self, select: u32) {
        self.driver.lock().device_feature_select = select;
    }

    /// 32 of the offered features.
    pub(super) fn device_features(&self) -> u32 {
        let select = self.device_feature_select();
        feature_half(select).map_or(0, |half| half.of(self.offered()))
    }

    pub(super) fn driver_feature_select(&self) -> u32 {
        self.driver.lock().driver_feature_select
    }

    pub(super) fn select_driver_features(&self, select: u32) {
        self.driver.lock().driver_feature_select = select;
    }

    /// 32 of the features that the driver accepted.
    pub(super) fn driver_features(&self) -> u32 {
        let driver = self.driver.lock();
        feature_half(driver.driver_feature_select).map_or(0, |half| half.of(driver.features))
    }

    /// Accepts 32 features; too late once they are agreed on (§3.1.1).
    pub(super) fn set_driver_features(&self, value: u32) {
        let mut driver = self.driver.lock();
        if self.link.status() & status::FEATURES_OK == 0
            && let Some(half) = feature_half(driver.driver_feature_select)
        {
            half.replace(&mut driver.features, value);
        }
    }

    fn acceptable(&self, features: u64) -> bool {
        // §6.1: a device may go on without VERSION_1. It speaks no other interface than
        // that, and drivers that come this way mean it, whatever they say.
        features & !self.offered() == 0
    }

    // Status (§2.1)

    pub(super) fn status(&self) -> u8 {
        self.link.status()
    }

    /// The driver writes the status field: zero resets, everything else only
    /// adds bits (§2.1.1).
    pub(super) fn set_status(&self, value: u8) {
        let mut driver = self.driver.lock();
        if value == 0 {
            self.reset(&mut driver);
            return;
        }
        let mut added = value & status::DRIVER_BITS & !self.link.status();
        if added & status::FEATURES_OK != 0 {
            if self.acceptable(driver.features) {
                self.device.features_accepted(driver.features);
            } else {
                // §2.2.2: the driver sees the bit unset.
                debug!(
                    device = self.name(),
                    "features {:#x} refused", driver.features
                );
                added &= !status::FEATURES_OK;
            }
        }
        self.link.add_status(added);
        if added & status::FAILED != 0 {
            self.device.deactivate();
        } else if added & status::DRIVER_OK != 0 {
            self.run(&driver);
        }
    }

    /// The driver is ready.
    fn run(&self, driver: &Driver) {
        if self.link.status() & status::FEATURES_OK == 0 {
            self.link
                .needs_reset(&"the driver set DRIVER_OK before features were agreed on");
            return;
        }
        if !self.link.is_live() {
            return;
        }
        let positions = vec![QueuePosition::default(); self.queues.len()];
        match self.start_queues(driver, &positions) {
            Ok(()) => self.activate(driver),
            Err(fault) => self.link.needs_reset(&fault),
        }
    }

    fn start_queues(&self, driver: &Driver, positions: &[QueuePosition]) -> Result<(), QueueFault> {
        for ((queue, layout), position) in self.queues.iter().zip(&driver.queues).zip(positions) {
            if layout.ready {
                queue.start(layout, *position, driver.event_idx())?;
            }
        }
        Ok(())
    }

    fn activate(&self, driver: &Driver) {
        self.device.activate(Activation {
            features: driver.features,
            queues: self.queues.clone(),
            link: Arc::clone(&self.link),
        });
    }

    fn stop(&self) {
        self.device.deactivate();
        for queue in &self.queues {
            queue.stop();
        }
    }

    fn reset(&self, driver: &mut Driver) {
        self.stop();
        self.device.reset();
        *driver = Driver::reset(&self.queues);
        self.link.set_status(0);
        self.link.clear_interrupts();
    }

    // Queues (§4.2.2, §4.1.4.3)

    pub(super) fn queue_count(&self) -> u16 {
        // The zip with a u16 counter in `new` holds it to that.
        self.queues.len() as u16
    }

    pub(super) fn queue_select(&self) -> u16 {
        self.driver.lock().queue_select
    }

    pub(super) fn select_queue(&self, index: u16) {
        self.driver.lock().queue_select = index;
    }

    /// The selected queue's largest size; 0 if there is no such queue.
    pub(super) fn queue_max_size(&self) -> u16 {
        let index = usize::from(self.queue_select());
        self.queues.get(index).map_or(0, |queue| queue.max_size())
    }

    /// How the driver laid the selected queue out; zeros if there is none.
    pub(super) fn queue_layout(&self) -> QueueLayout {
        self.driver.lock().selected().copied().unwrap_or_default()
    }

    pub(super) fn queue_area(&self, area: QueueArea, half: Half) -> u32 {
        half.of(*self.queue_layout().area(area))
    }

    pub(super) fn set_queue_size(&self, size: u16) {
        self.lay_out(|layout| layout.size = size);
    }

    pub(super) fn set_queue_area(&self, area: QueueArea, half: Half, value: u32) {
        self.lay_out(|layout| half.replace(layout.area(area), value));
    }

    /// Changes the selected queue's layout, unless the queue is in use.
    fn lay_out(&self, change: impl FnOnce(&mut QueueLayout)) {
        let mut driver = self.driver.lock();
        let index = usize::from(driver.queue_select);
        if let Some(layout) = driver.queues.get_mut(index)
            && !layout.ready
        {
            change(layout);
        }
    }

    /// Enables the selected queue. What is wrong with its layout shows, as a
    /// need for a reset, when the device begins to use it.
    pub(super) fn enable_queue(&self) {
        let mut driver = self.driver.lock();
        let index = driver.queue_select;
        let event_idx = driver.event_idx();
        let (Some(layout), Some(queue)) = (
            driver.queues.get_mut(usize::from(index)),
            self.queues.get(usize::from(index)),
        ) else {
            return;
        };
        if std::mem::replace(&mut layout.ready, true) || !self.link.is_live() {
            return;
        }
        match queue.start(layout, QueuePosition::default(), event_idx) {
            Ok(()) => self.device.notify(index),
            Err(fault) => {
                self.device.deactivate();
                self.link.needs_reset(&fault);
            }
        }
    }

    /// Disables the selected queue; afterwards the device does not touch it.
    pub(super) fn disable_queue(&self) {
        let mut driver = self.driver.lock();
        let index = usize::from(driver.queue_select);
        if let (Some(layout), Some(queue)) = (driver.queues.get_mut(index), self.queues.get(index))
        {
            layout.ready = false;
            self.device.quiesce();
            queue.stop();
            self.device.resume();
        }
    }

    /// The driver put requests into queue `index`.
    pub(super) fn notify(&self, index: u16) {
        if self.link.is_live() && index < self.queue_count() {
            self.device.notify(index);
        }
    }

    // Saved state

    pub(super) fn quiesce(&self) {
        self.device.quiesce();
    }

    pub(super) fn resume(&self) {
        self.device.resume();
    }

    /// Takes the state; the caller has quiesced the device.
    pub(super) fn save(&self) -> Result<CommonState, SnapshotError> {
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
    pub(super) fn check(
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
    pub(super) fn restore(&self, state: &CommonState) -> Result<(), SnapshotError> {
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
