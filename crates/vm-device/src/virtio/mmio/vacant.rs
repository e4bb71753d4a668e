//! A virtio-mmio window without a device.

use vm_core::{AccessSize, MmioDevice};

use super::{MAGIC, VENDOR_ID, VERSION, register};

/// A slot that a board describes to its guests and where nothing is plugged in:
/// device ID 0 tells the driver so (§4.2.2).
pub struct VacantSlot {
    name: String,
}

impl VacantSlot {
    /// An empty slot; `name` is for logs.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into() }
    }
}

impl MmioDevice for VacantSlot {
    fn name(&self) -> &str {
        &self.name
    }

    fn read(&self, offset: u64, size: AccessSize) -> Option<u64> {
        Some(match (offset, size) {
            (register::MAGIC, AccessSize::Word) => MAGIC.into(),
            (register::VERSION, AccessSize::Word) => VERSION.into(),
            (register::VENDOR_ID, AccessSize::Word) => VENDOR_ID.into(),
            _ => 0,
        })
    }

    fn write(&self, _offset: u64, _size: AccessSize, _value: u64) -> Option<()> {
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_that_it_is_empty() {
        let slot = VacantSlot::new("virtio-mmio7");
        let read = |offset| slot.read(offset, AccessSize::Word).unwrap() as u32;
        assert_eq!(&read(0).to_le_bytes(), b"virt");
        assert_eq!((read(4), read(8)), (2, 0));
        assert_eq!(slot.write(0x70, AccessSize::Word, 1), Some(()));
        assert_eq!(read(0x70), 0);
        assert_eq!(slot.read(1, AccessSize::Byte), Some(0));
        assert_eq!(slot.name(), "virtio-mmio7");
    }
}
