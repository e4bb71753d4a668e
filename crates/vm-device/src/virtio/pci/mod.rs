//! Virtio over PCI (§4.1), the modern interface only.

mod layout;
mod notifier;
mod registers;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use vm_core::{
    AccessSize, MsiSink,
    snapshot::{Kind, SavedState, Snapshot, SnapshotError},
};

use self::{
    layout::window,
    notifier::{Notifier, Vectors},
};
use super::{
    common::{Common, CommonState},
    device::VirtioDevice,
    dma::DmaMemory,
    interrupt::Interrupt,
};
use crate::pci::{ConfigChange, ConfigError, Msix, PciConfig, PciConfigState, PciFunction};

/// A virtio device as a PCI function.
pub struct VirtioPci {
    config: Arc<PciConfig>,
    common: Common,
    notifier: Arc<Notifier>,
    /// Offset in configuration space of the capability that gives access to
    /// the BAR.
    window: u16,
}

impl VirtioPci {
    const KIND: Kind<PciState> = Kind::new("virtio-pci", 1);

    /// Makes `device` a PCI function, with MSI-X (one vector for each queue
    /// and one for the configuration) if there is a sink for messages. `name`
    /// is for logs and snapshots.
    ///
    /// # Errors
    /// [`ConfigError`] if the capabilities do not fit, which they do.
    pub fn new(
        name: impl Into<String>,
        device: Arc<dyn VirtioDevice>,
        memory: &DmaMemory,
        messages: Option<Arc<dyn MsiSink>>,
    ) -> Result<Self, ConfigError> {
        let queues = device.queue_sizes().len();
        let vectors = u16::try_from(queues + 1).unwrap_or(u16::MAX);
        let msix = messages.map(|sink| Msix::new(vectors, sink));
        let (config, window) = layout::config_space(device.device_id(), msix)?;
        let config = Arc::new(config);
        let notifier = Arc::new(Notifier::new(Arc::clone(&config), queues));
        let shared: Arc<dyn Interrupt> = notifier.clone();
        Ok(Self {
            config,
            common: Common::new(name.into(), device, memory, &shared),
            notifier,
            window,
        })
    }

    /// The device behind the function.
    pub fn device(&self) -> &dyn VirtioDevice {
        self.common.device()
    }

    /// Reads what `size` bytes of the common configuration hold: a field, or
    /// the low part of one.
    fn read_common(&self, offset: u64, size: AccessSize) -> u64 {
        let low = u64::from(registers::read(&self.common, &self.notifier, offset));
        if size == AccessSize::Double {
            let high = registers::read(&self.common, &self.notifier, offset.wrapping_add(4));
            return low | u64::from(high) << 32;
        }
        low & size.mask()
    }

    fn write_common(&self, offset: u64, size: AccessSize, value: u64) {
        let write = |offset, value| {
            registers::write(&self.common, &self.notifier, offset, value);
        };
        if size == AccessSize::Double {
            write(offset, value as u32);
            write(offset.wrapping_add(4), (value >> 32) as u32);
        } else if size.bytes() == registers::field_width(offset) {
            write(offset, value as u32);
        }
    }

    /// Where the access window points, if that is a proper access to the BAR
    /// (§4.1.4.9.1).
    fn window_target(&self) -> Option<(u64, AccessSize)> {
        let read = |field, size| self.config.read(self.window + field, size);
        let bar = read(window::BAR, AccessSize::Byte);
        let offset = u64::from(read(window::OFFSET, AccessSize::Word));
        let length = read(window::LENGTH, AccessSize::Word);
        let size = AccessSize::from_bytes(length.into()).filter(|s| *s != AccessSize::Double)?;
        let inside = offset < layout::BAR_LEN && offset.is_multiple_of(size.bytes());
        (bar as usize == layout::BAR && inside).then_some((offset, size))
    }

    /// Whether an access to configuration space touches the window's data.
    fn touches_window(&self, offset: u16, size: AccessSize) -> bool {
        let end = u64::from(offset) + size.bytes();
        offset < self.window + window::END && end > u64::from(self.window + window::DATA)
    }
}

impl PciFunction for VirtioPci {
    fn name(&self) -> &str {
        self.common.name()
    }

    fn config(&self) -> &PciConfig {
        &self.config
    }

    fn config_read(&self, offset: u16, size: AccessSize) -> u32 {
        if self.touches_window(offset, size)
            && let Some((target, width)) = self.window_target()
        {
            // The data is kept where the guest reads it from.
            let data = self.bar_read(layout::BAR, target, width) as u32;
            let _ = self
                .config
                .write(self.window + window::DATA, AccessSize::Word, data);
        }
        self.config.read(offset, size)
    }

    fn config_write(&self, offset: u16, size: AccessSize, value: u32) -> ConfigChange {
        let change = self.config.write(offset, size, value);
        if self.touches_window(offset, size)
            && let Some((target, width)) = self.window_target()
        {
            let data = self
                .config
                .read(self.window + window::DATA, AccessSize::Word);
            self.bar_write(layout::BAR, target, width, data.into());
        }
        change
    }

    fn bar_read(&self, bar: usize, offset: u64, size: AccessSize) -> u64 {
        if bar != layout::BAR {
            return 0;
        }
        match offset & !(layout::PAGE - 1) {
            layout::COMMON => self.read_common(offset, size),
            layout::ISR if offset == layout::ISR => self.notifier.take_isr().into(),
            layout::DEVICE => {
                let mut bytes = [0; 8];
                // An access is at most 8 bytes.
                let data = &mut bytes[..size.bytes() as usize];
                self.device().read_config(offset - layout::DEVICE, data);
                u64::from_le_bytes(bytes)
            }
            _ => 0,
        }
    }

    fn bar_write(&self, bar: usize, offset: u64, size: AccessSize, value: u64) {
        if bar != layout::BAR {
            return;
        }
        match offset & !(layout::PAGE - 1) {
            layout::COMMON => self.write_common(offset, size, value),
            layout::DEVICE => {
                let data = &value.to_le_bytes()[..size.bytes() as usize];
                self.device().write_config(offset - layout::DEVICE, data);
            }
            layout::NOTIFY => {
                // The address says which queue (§4.1.4.4); a page holds 1024.
                let queue = (offset - layout::NOTIFY) / u64::from(layout::NOTIFY_MULTIPLIER);
                self.common.notify(queue as u16);
            }
            _ => {}
        }
    }
}

/// The saved form of a [`VirtioPci`].
#[derive(Serialize, Deserialize)]
struct PciState {
    config: PciConfigState,
    common: CommonState,
    isr: u32,
    vectors: Vectors,
}

impl Snapshot for VirtioPci {
    fn save(&self) -> Result<SavedState, SnapshotError> {
        self.quiesce();
        let saved = self.common.save().and_then(|common| {
            let state = PciState {
                config: self.config.save_state(),
                common,
                isr: self.notifier.isr(),
                vectors: self.notifier.vectors(),
            };
            Self::KIND.save(&state)
        });
        self.resume();
        saved
    }

    fn restore(&self, saved: &SavedState) -> Result<(), SnapshotError> {
        let state: PciState = Self::KIND.load(saved)?;
        self.common.check(Self::KIND.name(), &state.common)?;
        if state.vectors.queues.len() != usize::from(self.common.queue_count()) {
            return Err(Self::KIND.damaged("not one MSI-X vector for each queue"));
        }
        self.quiesce();
        let before = self.config.save_state();
        let restored = self
            .restore_config(&state.config)
            .and_then(|()| self.common.restore(&state.common));
        match &restored {
            Ok(()) => {
                self.notifier.set_vectors(state.vectors);
                self.notifier.set_isr(state.isr);
            }
            // Its own former state fits.
            Err(_) => self.restore_config(&before).unwrap_or_default(),
        }
        self.resume();
        restored
    }

    fn quiesce(&self) {
        self.common.quiesce();
    }

    fn resume(&self) {
        self.common.resume();
    }
}

impl VirtioPci {
    fn restore_config(&self, state: &PciConfigState) -> Result<(), SnapshotError> {
        self.config
            .restore_state(state)
            .map_err(|cause| Self::KIND.mismatch(cause))
    }
}
