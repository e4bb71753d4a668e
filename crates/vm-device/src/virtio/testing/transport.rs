//! Transports, as a driver uses them.

use std::sync::Arc;

use vm_core::{AccessSize, MmioDevice, snapshot::Snapshot};
use vm_testing::wait_for;

use crate::{
    pci::{ConfigChange, PciFunction},
    testing::TestLine,
    virtio::{
        device::VirtioDevice, dma::DmaMemory, mmio::VirtioMmio, pci::VirtioPci, queue::QueueLayout,
    },
};

/// What drivers need of a transport.
pub(crate) trait Transport: Sized {
    /// Whether a single queue can be disabled.
    const CAN_DISABLE_QUEUES: bool;
    fn plug(device: Arc<dyn VirtioDevice>, memory: &DmaMemory) -> Self;
    fn snapshot(&self) -> &dyn Snapshot;
    fn status(&self) -> u8;
    fn set_status(&self, status: u8);
    fn device_features(&self) -> u64;
    fn set_driver_features(&self, features: u64);
    fn queue_count(&self) -> u16;
    fn queue_max_size(&self, index: u16) -> u16;
    fn set_queue(&self, index: u16, layout: &QueueLayout);
    fn queue_ready(&self, index: u16) -> bool;
    /// Asks for the queue to be disabled.
    fn disable_queue(&self, index: u16);
    fn notify(&self, index: u16);
    fn read_config(&self, offset: u64, size: AccessSize) -> u64;
    fn write_config(&self, offset: u64, size: AccessSize, value: u64);
    fn config_generation(&self) -> u64;
    /// The level of the interrupt line.
    fn line(&self) -> bool;
    /// Reads the pending interrupt causes and acknowledges them.
    fn take_interrupts(&self) -> u64;

    fn add_status(&self, bits: u8) {
        self.set_status(self.status() | bits);
    }
}

/// A device behind MMIO registers.
pub(crate) struct MmioBus {
    pub(crate) mmio: VirtioMmio,
    line: Arc<TestLine>,
}

impl MmioBus {
    pub(crate) fn read(&self, offset: u64) -> u32 {
        self.mmio.read(offset, AccessSize::Word).unwrap() as u32
    }

    pub(crate) fn write(&self, offset: u64, value: u32) {
        let value = value.into();
        self.mmio.write(offset, AccessSize::Word, value).unwrap();
    }

    fn write_pair(&self, offset: u64, value: u64) {
        self.write(offset, value as u32);
        self.write(offset + 4, (value >> 32) as u32);
    }
}

impl Transport for MmioBus {
    const CAN_DISABLE_QUEUES: bool = true;

    fn plug(device: Arc<dyn VirtioDevice>, memory: &DmaMemory) -> Self {
        let line = TestLine::new();
        Self {
            mmio: VirtioMmio::new("virtio-mmio0", device, memory, line.clone()),
            line,
        }
    }

    fn snapshot(&self) -> &dyn Snapshot {
        &self.mmio
    }

    fn status(&self) -> u8 {
        self.read(0x70) as u8
    }

    fn set_status(&self, status: u8) {
        self.write(0x70, status.into());
    }

    fn device_features(&self) -> u64 {
        self.write(0x14, 0);
        let low = self.read(0x10);
        self.write(0x14, 1);
        u64::from(low) | u64::from(self.read(0x10)) << 32
    }

    fn set_driver_features(&self, features: u64) {
        self.write(0x24, 0);
        self.write(0x20, features as u32);
        self.write(0x24, 1);
        self.write(0x20, (features >> 32) as u32);
    }

    fn queue_count(&self) -> u16 {
        (0..)
            .find(|index| self.queue_max_size(*index) == 0)
            .unwrap()
    }

    fn queue_max_size(&self, index: u16) -> u16 {
        self.write(0x30, index.into());
        self.read(0x34) as u16
    }

    fn set_queue(&self, index: u16, layout: &QueueLayout) {
        self.write(0x30, index.into());
        self.write(0x38, layout.size.into());
        self.write_pair(0x80, layout.descriptors);
        self.write_pair(0x90, layout.available);
        self.write_pair(0xa0, layout.used);
        self.write(0x44, layout.ready.into());
    }

    fn queue_ready(&self, index: u16) -> bool {
        self.write(0x30, index.into());
        self.read(0x44) == 1
    }

    fn disable_queue(&self, index: u16) {
        self.write(0x30, index.into());
        self.write(0x44, 0);
    }

    fn notify(&self, index: u16) {
        self.write(0x50, index.into());
    }

    fn read_config(&self, offset: u64, size: AccessSize) -> u64 {
        self.mmio.read(0x100 + offset, size).unwrap()
    }

    fn write_config(&self, offset: u64, size: AccessSize, value: u64) {
        self.mmio.write(0x100 + offset, size, value).unwrap();
    }

    fn config_generation(&self) -> u64 {
        self.read(0xfc).into()
    }

    fn line(&self) -> bool {
        self.line.level()
    }

    fn take_interrupts(&self) -> u64 {
        let pending = self.read(0x60);
        self.write(0x64, pending);
        pending.into()
    }
}

/// A device as a PCI function, with its structures where its capabilities say.
pub(crate) struct PciBus {
    pub(crate) pci: VirtioPci,
    line: Arc<TestLine>,
    common: u64,
    notify: u64,
    notify_multiplier: u64,
    isr: u64,
    device: u64,
}

impl PciBus {
    pub(crate) fn with(pci: VirtioPci) -> Self {
        let line = TestLine::new();
        pci.config().connect_intx(line.clone());
        let structure = |cfg_type| {
            let capability = find_capability(&pci, cfg_type).unwrap();
            let bar = pci.config_read(capability + 4, AccessSize::Byte);
            assert_eq!(bar, 0);
            pci.config_read(capability + 8, AccessSize::Word).into()
        };
        let multiplier = find_capability(&pci, 2).unwrap() + 16;
        Self {
            common: structure(1),
            notify: structure(2),
            notify_multiplier: pci.config_read(multiplier, AccessSize::Word).into(),
            isr: structure(3),
            device: structure(4),
            line,
            pci,
        }
    }

    pub(crate) fn read(&self, offset: u64, size: AccessSize) -> u64 {
        self.pci.bar_read(0, self.common + offset, size)
    }

    pub(crate) fn write(&self, offset: u64, size: AccessSize, value: u64) {
        self.pci.bar_write(0, self.common + offset, size, value);
    }

    fn write_pair(&self, offset: u64, value: u64) {
        self.write(offset, AccessSize::Word, value & 0xffff_ffff);
        self.write(offset + 4, AccessSize::Word, value >> 32);
    }

    fn select(&self, index: u16) {
        self.write(0x16, AccessSize::Half, index.into());
    }
}

/// The vendor capability of the given type, found as a driver does.
pub(crate) fn find_capability(pci: &VirtioPci, cfg_type: u8) -> Option<u16> {
    let byte = |offset| pci.config_read(offset, AccessSize::Byte) as u8;
    let mut at = byte(0x34);
    wait_for("the end of the capabilities", || {
        let offset = u16::from(at);
        if at == 0 {
            return Some(None);
        } else if byte(offset) == 0x09 && byte(offset + 3) == cfg_type {
            return Some(Some(offset));
        }
        at = byte(offset + 1);
        None
    })
}

/// Lets a function decode its BARs, as the PCI host would.
pub(crate) fn write_pci(pci: &VirtioPci, offset: u16, size: AccessSize, value: u32) {
    let (ConfigChange::None | ConfigChange::Decoding) = pci.config_write(offset, size, value);
}

impl Transport for PciBus {
    /// Only a reset of the queue could, which is not offered.
    const CAN_DISABLE_QUEUES: bool = false;

    fn plug(device: Arc<dyn VirtioDevice>, memory: &DmaMemory) -> Self {
        Self::with(VirtioPci::new("virtio-pci0", device, memory, None).unwrap())
    }

    fn snapshot(&self) -> &dyn Snapshot {
        &self.pci
    }

    fn status(&self) -> u8 {
        self.read(0x14, AccessSize::Byte) as u8
    }

    fn set_status(&self, status: u8) {
        self.write(0x14, AccessSize::Byte, status.into());
    }

    fn device_features(&self) -> u64 {
        self.write(0, AccessSize::Word, 0);
        let low = self.read(4, AccessSize::Word);
        self.write(0, AccessSize::Word, 1);
        low | self.read(4, AccessSize::Word) << 32
    }

    fn set_driver_features(&self, features: u64) {
        self.write(8, AccessSize::Word, 0);
        self.write(12, AccessSize::Word, features & 0xffff_ffff);
        self.write(8, AccessSize::Word, 1);
        self.write(12, AccessSize::Word, features >> 32);
    }

    fn queue_count(&self) -> u16 {
        self.read(0x12, AccessSize::Half) as u16
    }

    fn queue_max_size(&self, index: u16) -> u16 {
        self.select(index);
        self.read(0x18, AccessSize::Half) as u16
    }

    fn set_queue(&self, index: u16, layout: &QueueLayout) {
        self.select(index);
        self.write(0x18, AccessSize::Half, layout.size.into());
        self.write_pair(0x20, layout.descriptors);
        self.write_pair(0x28, layout.available);
        self.write_pair(0x30, layout.used);
        self.write(0x1c, AccessSize::Half, layout.ready.into());
    }

    fn queue_ready(&self, index: u16) -> bool {
        self.select(index);
        self.read(0x1c, AccessSize::Half) == 1
    }

    fn disable_queue(&self, index: u16) {
        self.select(index);
        self.write(0x1c, AccessSize::Half, 0);
    }

    fn notify(&self, index: u16) {
        self.select(index);
        let offset = self.read(0x1e, AccessSize::Half) * self.notify_multiplier;
        let at = self.notify + offset;
        self.pci.bar_write(0, at, AccessSize::Half, index.into());
    }

    fn read_config(&self, offset: u64, size: AccessSize) -> u64 {
        self.pci.bar_read(0, self.device + offset, size)
    }

    fn write_config(&self, offset: u64, size: AccessSize, value: u64) {
        self.pci.bar_write(0, self.device + offset, size, value);
    }

    fn config_generation(&self) -> u64 {
        self.read(0x15, AccessSize::Byte)
    }

    fn line(&self) -> bool {
        self.line.level()
    }

    fn take_interrupts(&self) -> u64 {
        self.pci.bar_read(0, self.isr, AccessSize::Byte)
    }
}
