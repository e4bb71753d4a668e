//! The bus: a page that keeps what is stored to it, and the acknowledgement of
//! interrupts.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use vm_core::{AccessSize, BusError, GuestPhysAddr, PhysBus};
use vm_engine::vcpu::VcpuControl;

use super::layout::{ACKNOWLEDGE, DEVICE, PAGE};

/// Interrupt lines.
const LINES: u32 = 16;

/// Everything on the bus that is not RAM.
pub struct Devices {
    control: Arc<VcpuControl>,
    page: Mutex<Vec<u8>>,
}

impl Devices {
    /// Devices whose interrupts go to `control`.
    pub fn new(control: Arc<VcpuControl>) -> Self {
        let page = Mutex::new(vec![0; PAGE as usize]);
        Self { control, page }
    }

    /// The page.
    pub fn page(&self) -> MutexGuard<'_, Vec<u8>> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Clears the page and lowers all lines.
    pub fn reset(&self) {
        self.page().fill(0);
        (0..LINES).for_each(|line| self.control.set_line(line, false));
    }
}

/// The bytes of an access in the page.
fn range(addr: GuestPhysAddr, size: AccessSize) -> Option<std::ops::Range<usize>> {
    let start = addr.0.checked_sub(DEVICE)? as usize;
    Some(start..start.checked_add(size.bytes() as usize)?)
}

impl PhysBus for Devices {
    fn read(&self, addr: GuestPhysAddr, size: AccessSize) -> Result<u64, BusError> {
        let page = self.page();
        let found = range(addr, size).and_then(|range| page.get(range));
        let bytes = found.ok_or(BusError { addr, size })?;
        Ok(bytes
            .iter()
            .rev()
            .fold(0, |all, byte| all << 8 | u64::from(*byte)))
    }

    fn write(&self, addr: GuestPhysAddr, size: AccessSize, value: u64) -> Result<(), BusError> {
        if addr.0 == ACKNOWLEDGE {
            (0..LINES).for_each(|line| self.control.set_line(line, false));
            return Ok(());
        }
        let mut page = self.page();
        let found = range(addr, size).and_then(|range| page.get_mut(range));
        let bytes = found.ok_or(BusError { addr, size })?;
        bytes.copy_from_slice(&value.to_le_bytes()[..bytes.len()]);
        Ok(())
    }
}
