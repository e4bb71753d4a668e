//! What the driver told the device, and how its registers hold it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::virtio::{
    queue::{QueueLayout, Virtqueue},
    spec::feature,
};

/// What the driver told the device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Driver {
    pub(super) device_feature_select: u32,
    pub(super) driver_feature_select: u32,
    pub(super) features: u64,
    pub(super) queue_select: u16,
    pub(super) queues: Vec<QueueLayout>,
}

/// A queue's address registers.
#[derive(Debug, Clone, Copy)]
pub(in crate::virtio) enum QueueArea {
    /// The descriptor table.
    Descriptors,
    /// The available ring.
    Driver,
    /// The used ring.
    Device,
}

/// Half of a 64-bit register.
#[derive(Debug, Clone, Copy)]
pub(in crate::virtio) enum Half {
    Low,
    High,
}

impl Half {
    pub(super) fn of(self, register: u64) -> u32 {
        match self {
            Self::Low => register as u32,
            Self::High => (register >> 32) as u32,
        }
    }

    pub(super) fn replace(self, register: &mut u64, value: u32) {
        *register = match self {
            Self::Low => *register & !0xffff_ffff | u64::from(value),
            Self::High => *register & 0xffff_ffff | u64::from(value) << 32,
        };
    }
}

impl Driver {
    pub(super) fn reset(queues: &[Arc<Virtqueue>]) -> Self {
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

    pub(super) fn selected(&self) -> Option<&QueueLayout> {
        self.queues.get(usize::from(self.queue_select))
    }

    pub(super) fn event_idx(&self) -> bool {
        self.features & feature::RING_EVENT_IDX != 0
    }
}

impl QueueLayout {
    pub(super) fn area(&mut self, area: QueueArea) -> &mut u64 {
        match area {
            QueueArea::Descriptors => &mut self.descriptors,
            QueueArea::Driver => &mut self.available,
            QueueArea::Device => &mut self.used,
        }
    }
}
