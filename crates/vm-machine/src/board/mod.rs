//! Boards: which devices a machine has, and where; how its guests start; what its vCPUs
//! are. The rest of the crate knows boards by the traits here alone.

mod description;
mod traits;
pub mod virt_riscv64;

use vm_core::GuestArch;

pub use description::{Chosen, Description};
pub(crate) use traits::{Board, BoardModel, BoardParts, Component};

/// The boards that there are, one for each architecture; the first is the default.
static BOARDS: [&dyn BoardModel; 1] = [&virt_riscv64::VirtRiscv64];

/// The board for guests of an architecture.
pub(crate) fn of(arch: GuestArch) -> Option<&'static dyn BoardModel> {
    BOARDS.into_iter().find(|board| board.arch() == arch)
}

/// The architectures that there are boards for, the default first.
pub fn architectures() -> impl Iterator<Item = GuestArch> {
    BOARDS.into_iter().map(BoardModel::arch)
}

/// The architecture of a machine for which nothing was said.
pub fn default_arch() -> GuestArch {
    BOARDS[0].arch()
}
