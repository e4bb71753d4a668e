//! RISC-V 64: the MMU of a hart, which is page tables, physical memory protection,
//! translation regimes and fences.

mod fence;
mod mmu;
mod privilege;
mod protection;
mod pte;
mod regime;
mod satp;
mod walk;

pub use fence::{sfence_vma, sfence_vma_range};
pub use mmu::Mmu;
pub use privilege::Privilege;
pub use protection::{PagePmp, Pmp, PmpState};
pub use pte::{Pbmt, Pte};
pub use regime::Context;
pub use satp::Satp;
pub use walk::{Fault, Leaf, Mode, PteMemory, WalkContext, walk};

use regime::accepted_perms;
