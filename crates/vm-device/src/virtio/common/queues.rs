//! The registers of queues (§4.2.2, §4.1.4.3).

use super::{Common, Half, QueueArea};
use crate::virtio::queue::{QueueLayout, QueuePosition};

impl Common {
    pub(in crate::virtio) fn queue_count(&self) -> u16 {
        // The zip with a u16 counter in `new` holds it to that.
        self.queues.len() as u16
    }

    pub(in crate::virtio) fn queue_select(&self) -> u16 {
        self.driver.lock().queue_select
    }

    pub(in crate::virtio) fn select_queue(&self, index: u16) {
        self.driver.lock().queue_select = index;
    }

    /// The selected queue's largest size; 0 if there is no such queue.
    pub(in crate::virtio) fn queue_max_size(&self) -> u16 {
        let index = usize::from(self.queue_select());
        self.queues.get(index).map_or(0, |queue| queue.max_size())
    }

    /// How the driver laid the selected queue out; zeros if there is none.
    pub(in crate::virtio) fn queue_layout(&self) -> QueueLayout {
        self.driver.lock().selected().copied().unwrap_or_default()
    }

    pub(in crate::virtio) fn queue_area(&self, area: QueueArea, half: Half) -> u32 {
        half.of(*self.queue_layout().area(area))
    }

    pub(in crate::virtio) fn set_queue_size(&self, size: u16) {
        self.lay_out(|layout| layout.size = size);
    }

    pub(in crate::virtio) fn set_queue_area(&self, area: QueueArea, half: Half, value: u32) {
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
    pub(in crate::virtio) fn enable_queue(&self) {
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
    pub(in crate::virtio) fn disable_queue(&self) {
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
}
