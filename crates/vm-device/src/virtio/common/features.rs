//! Feature bits (§2.2).

use super::{Common, Half};
use crate::virtio::spec::{feature, status};

/// The 32 feature bits that `select` shows; there are 64 so far.
fn feature_half(select: u32) -> Option<Half> {
    match select {
        0 => Some(Half::Low),
        1 => Some(Half::High),
        _ => None,
    }
}

impl Common {
    pub(super) fn offered(&self) -> u64 {
        self.device.features() | feature::COMMON
    }

    pub(in crate::virtio) fn device_feature_select(&self) -> u32 {
        self.driver.lock().device_feature_select
    }

    pub(in crate::virtio) fn select_device_features(&self, select: u32) {
        self.driver.lock().device_feature_select = select;
    }

    /// 32 of the offered features.
    pub(in crate::virtio) fn device_features(&self) -> u32 {
        let select = self.device_feature_select();
        feature_half(select).map_or(0, |half| half.of(self.offered()))
    }

    pub(in crate::virtio) fn driver_feature_select(&self) -> u32 {
        self.driver.lock().driver_feature_select
    }

    pub(in crate::virtio) fn select_driver_features(&self, select: u32) {
        self.driver.lock().driver_feature_select = select;
    }

    /// 32 of the features that the driver accepted.
    pub(in crate::virtio) fn driver_features(&self) -> u32 {
        let driver = self.driver.lock();
        feature_half(driver.driver_feature_select).map_or(0, |half| half.of(driver.features))
    }

    /// Accepts 32 features; too late once they are agreed on (§3.1.1).
    pub(in crate::virtio) fn set_driver_features(&self, value: u32) {
        let mut driver = self.driver.lock();
        if self.link.status() & status::FEATURES_OK == 0
            && let Some(half) = feature_half(driver.driver_feature_select)
        {
            half.replace(&mut driver.features, value);
        }
    }

    pub(super) fn acceptable(&self, features: u64) -> bool {
        // §6.1: a device may go on without VERSION_1. It speaks no other interface than
        // that, and drivers that come this way mean it, whatever they say.
        features & !self.offered() == 0
    }
}
