//! The `virt` board for RISC-V 64: the addresses and interrupts of QEMU's
//! machine of that name, so that firmware and kernels built for it boot unchanged.

mod build;
pub mod fdt;
mod firmware_console;
pub mod map;
mod virtio;

pub(crate) use build::{Board, BoardParts, Component};
