//! The parts of the physical address space that BARs can be placed in.

use std::sync::Arc;

use vm_core::{AccessSize, GuestPhysAddr, MmioDevice, PhysBus};

use super::{function::PciFunction, host::PciHost};

/// A range of bus addresses for BARs; bus and physical addresses are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowRange {
    /// The first address.
    pub base: u64,
    /// The length in bytes.
    pub len: u64,
}

impl WindowRange {
    /// Whether all `len` bytes from `addr` are inside.
    pub(super) fn holds(&self, addr: u64, len: u64) -> bool {
        addr.checked_sub(self.base)
            .and_then(|offset| self.len.checked_sub(offset))
            .is_some_and(|room| len <= room)
    }
}

/// A window of the physical bus that leads to BARs. Where no BAR answers,
/// reads give all ones and writes do nothing, as a host bridge does it.
pub struct PciWindow {
    host: Arc<PciHost>,
    base: u64,
}

impl PciWindow {
    pub(super) const fn new(host: Arc<PciHost>, base: u64) -> Self {
        Self { host, base }
    }

    const fn addr(&self, offset: u64) -> GuestPhysAddr {
        GuestPhysAddr(self.base.wrapping_add(offset))
    }
}

impl MmioDevice for PciWindow {
    fn name(&self) -> &str {
        "pci-memory"
    }

    fn read(&self, offset: u64, size: AccessSize) -> Option<u64> {
        let answer = self.host.decoded().read(self.addr(offset), size);
        Some(answer.unwrap_or(size.mask()))
    }

    fn write(&self, offset: u64, size: AccessSize, value: u64) -> Option<()> {
        // An error means that nobody is there: a posted write is lost.
        let _ = self.host.decoded().write(self.addr(offset), size, value);
        Some(())
    }
}

/// One decoded BAR.
pub(super) struct BarDevice {
    pub(super) function: Arc<dyn PciFunction>,
    pub(super) index: usize,
}

impl MmioDevice for BarDevice {
    fn name(&self) -> &str {
        self.function.name()
    }

    fn read(&self, offset: u64, size: AccessSize) -> Option<u64> {
        Some(match self.function.config().msix_at(self.index) {
            Some(msix) => msix.read(offset, size),
            None => self.function.bar_read(self.index, offset, size),
        })
    }

    fn write(&self, offset: u64, size: AccessSize, value: u64) -> Option<()> {
        match self.function.config().msix_at(self.index) {
            Some(msix) => msix.write(offset, size, value),
            None => self.function.bar_write(self.index, offset, size, value),
        }
        Some(())
    }
}
