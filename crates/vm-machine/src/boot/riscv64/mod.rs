//! What is special about starting RISC-V guests.

mod image;
mod kernel;
mod reset_rom;

use vm_core::GuestPhysAddr;

use super::{BootError, BootProtocol, Content, Program, ResetTarget, read::Source};

/// How RISC-V guests start on a board.
pub(crate) struct Riscv64Boot {
    /// The first address of RAM.
    pub(crate) ram: u64,
    /// Where harts begin after a reset.
    pub(crate) reset: u64,
}

impl BootProtocol for Riscv64Boot {
    fn read_kernel(
        &self,
        source: &Source<'_>,
        content: Content,
        firmware_end: Option<u64>,
    ) -> Result<Program, BootError> {
        kernel::read_kernel(source, content, self.ram, firmware_end)
    }

    fn read_bare_metal(&self, source: &Source<'_>, content: Content) -> Result<Program, BootError> {
        kernel::read_bare_metal(source, content, self.ram)
    }

    fn read_firmware(&self, source: &Source<'_>, content: Content) -> Result<Program, BootError> {
        kernel::read_firmware(source, content, self.ram)
    }

    fn reset_code(&self, target: &ResetTarget) -> (GuestPhysAddr, Vec<u8>) {
        (GuestPhysAddr(self.reset), reset_rom::build(target))
    }
}
