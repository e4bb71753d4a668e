//! The `virt` board for RISC-V 64: the addresses and interrupts of QEMU's
//! machine of that name, so that firmware and kernels built for it boot unchanged.

pub mod fdt;
pub mod map;
