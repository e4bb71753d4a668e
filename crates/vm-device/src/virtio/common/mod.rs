//! What every transport shows of a device: status, features and queues.

mod driver;
mod features;
mod queues;
mod snapshot;

use std::sync::Arc;

use parking_lot::Mutex;
use tracing::debug;

use super::{
    device::{Activation, VirtioDevice},
    dma::DmaMemory,
    fault::QueueFault,
    interrupt::{DeviceLink, Interrupt},
    queue::{QueuePosition, Virtqueue},
    spec::status,
};
use driver::Driver;

pub(super) use driver::{Half, QueueArea};
pub(super) use snapshot::CommonState;

/// The transport-independent half of a device's registers.
pub(super) struct Common {
    device: Arc<dyn VirtioDevice>,
    link: Arc<DeviceLink>,
    queues: Vec<Arc<Virtqueue>>,
    driver: Mutex<Driver>,
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

    pub(super) fn quiesce(&self) {
        self.device.quiesce();
    }

    pub(super) fn resume(&self) {
        self.device.resume();
    }

    /// The driver put requests into queue `index`.
    pub(super) fn notify(&self, index: u16) {
        if self.link.is_live() && index < self.queue_count() {
            self.device.notify(index);
        }
    }

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
}
