//! UARTs, interrupt controllers, timers, RTC, PCI host and virtio devices.
//!
//! Devices know buses, interrupt lines and clocks, never CPU architectures.

pub mod bus;
pub mod console;
pub mod interrupt;
mod os;
pub mod pci;
pub mod rtc;
pub mod serial;
mod sync;
pub mod syscon;
#[cfg(test)]
mod testing;
pub mod timer;
pub mod virtio;
