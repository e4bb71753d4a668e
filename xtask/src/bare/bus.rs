//! The bus: `tohost`, and nothing else.

use std::sync::{Arc, OnceLock};

use vm_core::{AccessSize, BusError, GuestPhysAddr, PAGE_SIZE, PhysBus};
use vm_engine::vcpu::{VcpuControl, exit_request};

/// Where a board with a core-local interruptor would have its page of timer
/// comparators: programs silence the timer without asking whether there is one.
const CLINT_COMPARATORS: u64 = 0x200_4000;

/// Ends the program when it writes to `tohost`. The rest of that page is
/// `fromhost`, which is never anything but zero.
pub struct HtifBus {
    tohost: u64,
    control: Arc<VcpuControl>,
    value: OnceLock<u64>,
}

impl HtifBus {
    pub fn new(tohost: u64, control: Arc<VcpuControl>) -> Self {
        Self {
            tohost,
            control,
            value: OnceLock::new(),
        }
    }

    /// What was written to `tohost`, if anything was.
    pub fn value(&self) -> Option<u64> {
        self.value.get().copied()
    }

    fn in_page(&self, addr: GuestPhysAddr) -> bool {
        addr.0 / PAGE_SIZE == self.tohost / PAGE_SIZE
    }
}

impl PhysBus for HtifBus {
    fn read(&self, addr: GuestPhysAddr, size: AccessSize) -> Result<u64, BusError> {
        if self.in_page(addr) {
            Ok(0)
        } else {
            Err(BusError { addr, size })
        }
    }

    fn write(&self, addr: GuestPhysAddr, size: AccessSize, value: u64) -> Result<(), BusError> {
        if addr.0 == self.tohost && value != 0 {
            // Only the first counts: it ended the program.
            let _ = self.value.set(value);
            self.control.request_exit(exit_request::STOP);
            return Ok(());
        }
        if self.in_page(addr) || addr.0 / PAGE_SIZE == CLINT_COMPARATORS / PAGE_SIZE {
            Ok(())
        } else {
            Err(BusError { addr, size })
        }
    }
}
