//! Virtio over MMIO (§4.2), version 2 of the register layout.

#[cfg(test)]
mod tests;
mod vacant;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tracing::debug;
use vm_core::{
    AccessSize, IrqLine, MmioDevice,
    snapshot::{Kind, SavedState, Snapshot, SnapshotError},
};

use super::{
    common::{Common, CommonState, Half, QueueArea},
    device::VirtioDevice,
    dma::DmaMemory,
    interrupt::{Interrupt, InterruptStatus},
};

pub use self::vacant::VacantSlot;

/// Register offsets (§4.2.2, table 4.1).
mod register {
    pub const MAGIC: u64 = 0x000;
    pub const VERSION: u64 = 0x004;
    pub const DEVICE_ID: u64 = 0x008;
    pub const VENDOR_ID: u64 = 0x00c;
    pub const DEVICE_FEATURES: u64 = 0x010;
    pub const DEVICE_FEATURES_SEL: u64 = 0x014;
    pub const DRIVER_FEATURES: u64 = 0x020;
    pub const DRIVER_FEATURES_SEL: u64 = 0x024;
    pub const QUEUE_SEL: u64 = 0x030;
    pub const QUEUE_NUM_MAX: u64 = 0x034;
    pub const QUEUE_NUM: u64 = 0x038;
    pub const QUEUE_READY: u64 = 0x044;
    pub const QUEUE_NOTIFY: u64 = 0x050;
    pub const INTERRUPT_STATUS: u64 = 0x060;
    pub const INTERRUPT_ACK: u64 = 0x064;
    pub const STATUS: u64 = 0x070;
    pub const QUEUE_DESC_LOW: u64 = 0x080;
    pub const QUEUE_DESC_HIGH: u64 = 0x084;
    pub const QUEUE_DRIVER_LOW: u64 = 0x090;
    pub const QUEUE_DRIVER_HIGH: u64 = 0x094;
    pub const QUEUE_DEVICE_LOW: u64 = 0x0a0;
    pub const QUEUE_DEVICE_HIGH: u64 = 0x0a4;
    pub const SHM_LEN_LOW: u64 = 0x0b0;
    pub const SHM_BASE_HIGH: u64 = 0x0bc;
    pub const CONFIG_GENERATION: u64 = 0x0fc;
    pub const CONFIG: u64 = 0x100;
}

/// "virt", little-endian.
const MAGIC: u32 = 0x7472_6976;
/// Version 1 is the legacy interface.
const VERSION: u32 = 2;
/// "QEMU", little-endian: drivers for its board look for that.
const VENDOR_ID: u32 = 0x554d_4551;

/// The window's length in bytes.
pub const WINDOW_LEN: u64 = 0x1000;

/// A virtio device behind a window of registers and an interrupt line.
pub struct VirtioMmio {
    common: Common,
    interrupt: Arc<InterruptStatus>,
}

impl VirtioMmio {
    const KIND: Kind<MmioState> = Kind::new("virtio-mmio", 1);

    /// Puts `device` behind registers. `name` is for logs and snapshots.
    pub fn new(
        name: impl Into<String>,
        device: Arc<dyn VirtioDevice>,
        memory: &DmaMemory,
        irq: Arc<dyn IrqLine>,
    ) -> Self {
        let interrupt = Arc::new(InterruptStatus::new(irq));
        let shared: Arc<dyn Interrupt> = interrupt.clone();
        Self {
            common: Common::new(name.into(), device, memory, &shared),
            interrupt,
        }
    }

    /// The device behind the registers.
    pub fn device(&self) -> &dyn VirtioDevice {
        self.common.device()
    }

    fn read_register(&self, offset: u64) -> u32 {
        use QueueArea::{Descriptors, Device, Driver};
        let common = &self.common;
        match offset {
            register::MAGIC => MAGIC,
            register::VERSION => VERSION,
            register::DEVICE_ID => common.device().device_id().into(),
            register::VENDOR_ID => VENDOR_ID,
            register::DEVICE_FEATURES => common.device_features(),
            register::QUEUE_NUM_MAX => common.queue_max_size().into(),
            register::QUEUE_READY => common.queue_layout().ready.into(),
            register::INTERRUPT_STATUS => self.interrupt.pending(),
            register::STATUS => common.status().into(),
            // Write-only by the letter; their values help whoever debugs a driver.
            register::QUEUE_DESC_LOW => common.queue_area(Descriptors, Half::Low),
            register::QUEUE_DESC_HIGH => common.queue_area(Descriptors, Half::High),
            register::QUEUE_DRIVER_LOW => common.queue_area(Driver, Half::Low),
            register::QUEUE_DRIVER_HIGH => common.queue_area(Driver, Half::High),
            register::QUEUE_DEVICE_LOW => common.queue_area(Device, Half::Low),
            register::QUEUE_DEVICE_HIGH => common.queue_area(Device, Half::High),
            // §4.2.2: no shared memory region has length and base -1.
            register::SHM_LEN_LOW..=register::SHM_BASE_HIGH => u32::MAX,
            register::CONFIG_GENERATION => common.device().config_generation(),
            _ => {
                debug!(device = self.name(), "read of register {offset:#x}");
                0
            }
        }
    }

    fn write_register(&self, offset: u64, value: u32) {
        use QueueArea::{Descriptors, Device, Driver};
        let common = &self.common;
        match offset {
            register::DEVICE_FEATURES_SEL => common.select_device_features(value),
            register::DRIVER_FEATURES => common.set_driver_features(value),
            register::DRIVER_FEATURES_SEL => common.select_driver_features(value),
            register::QUEUE_SEL => common.select_queue(clamp(value)),
            register::QUEUE_NUM => common.set_queue_size(clamp(value)),
            register::QUEUE_READY if value & 1 != 0 => common.enable_queue(),
            register::QUEUE_READY => common.disable_queue(),
            register::QUEUE_NOTIFY => common.notify(clamp(value)),
            register::INTERRUPT_ACK => self.interrupt.acknowledge(value),
            register::STATUS => common.set_status(value as u8),
            register::QUEUE_DESC_LOW => common.set_queue_area(Descriptors, Half::Low, value),
            register::QUEUE_DESC_HIGH => common.set_queue_area(Descriptors, Half::High, value),
            register::QUEUE_DRIVER_LOW => common.set_queue_area(Driver, Half::Low, value),
            register::QUEUE_DRIVER_HIGH => common.set_queue_area(Driver, Half::High, value),
            register::QUEUE_DEVICE_LOW => common.set_queue_area(Device, Half::Low, value),
            register::QUEUE_DEVICE_HIGH => common.set_queue_area(Device, Half::High, value),
            _ => debug!(
                device = self.name(),
                "write of {value:#x} to register {offset:#x}"
            ),
        }
    }
}

/// No queue has an index or a size beyond 16 bits: such values must not wrap
/// to valid ones.
fn clamp(value: u32) -> u16 {
    value.try_into().unwrap_or(u16::MAX)
}

impl MmioDevice for VirtioMmio {
    fn name(&self) -> &str {
        self.common.name()
    }

    /// §4.2.2.2: registers are read as aligned words, the configuration space
    /// with any size. Anything else reads as zero.
    fn read(&self, offset: u64, size: AccessSize) -> Option<u64> {
        Some(match offset.checked_sub(register::CONFIG) {
            Some(offset) => {
                let mut bytes = [0; 8];
                // An access is at most 8 bytes.
                let data = &mut bytes[..size.bytes() as usize];
                self.common.device().read_config(offset, data);
                u64::from_le_bytes(bytes)
            }
            None if size == AccessSize::Word && offset.is_multiple_of(4) => {
                self.read_register(offset).into()
            }
            None => 0,
        })
    }

    fn write(&self, offset: u64, size: AccessSize, value: u64) -> Option<()> {
        match offset.checked_sub(register::CONFIG) {
            Some(offset) => {
                let data = &value.to_le_bytes()[..size.bytes() as usize];
                self.common.device().write_config(offset, data);
            }
            None if size == AccessSize::Word && offset.is_multiple_of(4) => {
                self.write_register(offset, value as u32);
            }
            None => {}
        }
        Some(())
    }
}

/// The saved form of a [`VirtioMmio`].
#[derive(Serialize, Deserialize)]
struct MmioState {
    common: CommonState,
    interrupt: u32,
}

impl Snapshot for VirtioMmio {
    fn save(&self) -> Result<SavedState, SnapshotError> {
        self.quiesce();
        let saved = self.common.save().and_then(|common| {
            let interrupt = self.interrupt.pending();
            Self::KIND.save(&MmioState { common, interrupt })
        });
        self.resume();
        saved
    }

    fn restore(&self, saved: &SavedState) -> Result<(), SnapshotError> {
        let state: MmioState = Self::KIND.load(saved)?;
        self.common.check(Self::KIND.name(), &state.common)?;
        self.quiesce();
        let restored = self.common.restore(&state.common);
        if restored.is_ok() {
            self.interrupt.replace(state.interrupt);
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
