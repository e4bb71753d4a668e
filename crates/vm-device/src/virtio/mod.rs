//! Virtio 1.2 devices and their transports.
//!
//! A device ([`VirtioDevice`]) knows its requests, not how its registers are
//! reached; [`VirtioMmio`] and [`VirtioPci`] put any device on a bus. Each
//! device has a thread that serves its queues, so that no vCPU ever waits for
//! the host. Whatever a driver does wrong ends in `DEVICE_NEEDS_RESET`.
//!
//! Section numbers (§) are those of the OASIS Virtio 1.2 specification.

mod block;
mod chain;
mod common;
mod console;
mod device;
mod dma;
mod entropy;
mod fault;
mod interrupt;
mod mmio;
mod pci;
mod queue;
mod rate_limited_log;
pub mod spec;
mod worker;

#[cfg(test)]
mod testing;

pub use block::{Block, BlockBackend, BlockError, FileBackend, SECTOR_LEN, SERIAL_LEN};
pub use chain::{Buffers, Chain};
pub use console::{Console, TerminalSize};
pub use device::{Activation, VirtioDevice};
pub use dma::DmaMemory;
pub use entropy::{Entropy, EntropySource};
pub use fault::{FaultCause, QueueFault};
pub use interrupt::{DeviceLink, Interrupt};
pub use mmio::{VacantSlot, VirtioMmio, WINDOW_LEN};
pub use pci::VirtioPci;
pub use queue::Virtqueue;
