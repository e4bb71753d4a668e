//! The `virt` board for RISC-V 64: the addresses and interrupts of QEMU's
//! machine of that name, so that firmware and kernels built for it boot unchanged.

mod build;
pub mod fdt;
mod firmware_console;
mod harts;
pub mod map;
mod virtio;

use vm_core::GuestArch;

use super::{Board, BoardModel, BoardParts, Description};
use crate::{
    boot::{BootError, BootProtocol, riscv64::Riscv64Boot},
    config::Setting,
    error::MachineError,
};
use build::VirtBoard;

/// The model.
#[derive(Debug)]
pub(crate) struct VirtRiscv64;

/// Firmware and early kernels read the device tree below 3 GiB, where QEMU puts
/// it too. The initial RAM file system has no such limit: kernels look at it
/// when all of the RAM is mapped.
const DEVICE_TREE_LIMIT: u64 = 0xc000_0000;

static BOOT: Riscv64Boot = Riscv64Boot {
    ram: map::RAM_BASE,
    reset: map::RESET_ROM.base,
};

impl BoardModel for VirtRiscv64 {
    fn arch(&self) -> GuestArch {
        GuestArch::Riscv64
    }

    fn ram_base(&self) -> u64 {
        map::RAM_BASE
    }

    fn device_tree_limit(&self) -> u64 {
        DEVICE_TREE_LIMIT
    }

    fn boot_protocol(&self) -> &dyn BootProtocol {
        &BOOT
    }

    fn device_tree(&self, description: &Description<'_>) -> Result<Vec<u8>, BootError> {
        Ok(fdt::build(description)?)
    }

    fn setting_of(&self, device: &str) -> Option<Setting> {
        (device == build::HTIF).then_some(Setting::Kernel)
    }

    fn build(&self, parts: &BoardParts<'_>) -> Result<Box<dyn Board>, MachineError> {
        Ok(Box::new(VirtBoard::new(parts)?))
    }
}
