//! The common configuration structure (§4.1.4.3).

use tracing::debug;

use super::notifier::Notifier;
use crate::virtio::common::{Common, Half, QueueArea};

/// Offsets in the structure.
mod register {
    pub const DEVICE_FEATURE_SELECT: u64 = 0x00;
    pub const DEVICE_FEATURE: u64 = 0x04;
    pub const DRIVER_FEATURE_SELECT: u64 = 0x08;
    pub const DRIVER_FEATURE: u64 = 0x0c;
    pub const CONFIG_MSIX_VECTOR: u64 = 0x10;
    pub const NUM_QUEUES: u64 = 0x12;
    pub const DEVICE_STATUS: u64 = 0x14;
    pub const CONFIG_GENERATION: u64 = 0x15;
    pub const QUEUE_SELECT: u64 = 0x16;
    pub const QUEUE_SIZE: u64 = 0x18;
    pub const QUEUE_MSIX_VECTOR: u64 = 0x1a;
    pub const QUEUE_ENABLE: u64 = 0x1c;
    pub const QUEUE_NOTIFY_OFF: u64 = 0x1e;
    pub const QUEUE_DESC: u64 = 0x20;
    pub const QUEUE_DRIVER: u64 = 0x28;
    pub const QUEUE_DEVICE: u64 = 0x30;
}

/// The queue address field, and its half, that begins at an offset.
fn area(offset: u64) -> Option<(QueueArea, Half)> {
    let area = match offset & !7 {
        register::QUEUE_DESC => QueueArea::Descriptors,
        register::QUEUE_DRIVER => QueueArea::Driver,
        register::QUEUE_DEVICE => QueueArea::Device,
        // What follows belongs to features that are not offered.
        _ => return None,
    };
    match offset & 7 {
        0 => Some((area, Half::Low)),
        4 => Some((area, Half::High)),
        _ => None,
    }
}

/// The width in bytes of the field that an offset belongs to.
///
/// §4.1.3.1: drivers use the width of the field; 64-bit fields are two words.
pub(super) fn field_width(offset: u64) -> u64 {
    match offset {
        register::CONFIG_MSIX_VECTOR | register::NUM_QUEUES => 2,
        register::DEVICE_STATUS | register::CONFIG_GENERATION => 1,
        register::QUEUE_SELECT..register::QUEUE_DESC => 2,
        _ => 4,
    }
}

/// Reads the field at `offset`; 0 if none begins there.
pub(super) fn read(common: &Common, notifier: &Notifier, offset: u64) -> u32 {
    match offset {
        register::DEVICE_FEATURE_SELECT => common.device_feature_select(),
        register::DEVICE_FEATURE => common.device_features(),
        register::DRIVER_FEATURE_SELECT => common.driver_feature_select(),
        register::DRIVER_FEATURE => common.driver_features(),
        register::CONFIG_MSIX_VECTOR => notifier.config_vector().into(),
        register::NUM_QUEUES => common.queue_count().into(),
        register::DEVICE_STATUS => common.status().into(),
        // The field is a byte; that it wraps is allowed for (§2.5).
        register::CONFIG_GENERATION => common.device().config_generation() & 0xff,
        register::QUEUE_SELECT => common.queue_select().into(),
        register::QUEUE_SIZE => common.queue_layout().size.into(),
        register::QUEUE_MSIX_VECTOR => notifier.queue_vector(common.queue_select()).into(),
        register::QUEUE_ENABLE => common.queue_layout().ready.into(),
        // Each queue notifies at its own index times the multiplier.
        register::QUEUE_NOTIFY_OFF => common.queue_select().into(),
        _ => area(offset).map_or(0, |(area, half)| common.queue_area(area, half)),
    }
}

/// Writes the field at `offset`; read-only fields stay as they are.
pub(super) fn write(common: &Common, notifier: &Notifier, offset: u64, value: u32) {
    // A field of 16 bits is written with 16 bits.
    let half_word = value as u16;
    match offset {
        register::DEVICE_FEATURE_SELECT => common.select_device_features(value),
        register::DRIVER_FEATURE_SELECT => common.select_driver_features(value),
        register::DRIVER_FEATURE => common.set_driver_features(value),
        register::CONFIG_MSIX_VECTOR => notifier.set_config_vector(half_word),
        register::DEVICE_STATUS => common.set_status(value as u8),
        register::QUEUE_SELECT => common.select_queue(half_word),
        register::QUEUE_SIZE => common.set_queue_size(half_word),
        register::QUEUE_MSIX_VECTOR => {
            notifier.set_queue_vector(common.queue_select(), half_word);
        }
        // §4.1.4.3.2: drivers must not write 0.
        register::QUEUE_ENABLE if half_word == 1 => common.enable_queue(),
        _ => match area(offset) {
            Some((area, half)) => common.set_queue_area(area, half, value),
            None => debug!(
                device = common.name(),
                "write of {value:#x} to common register {offset:#x}"
            ),
        },
    }
}
