//! RISC-V 64: page tables, physical memory protection, fences.

mod fence;
mod pmp;
mod pte;
mod walk;

use vm_core::AccessKind;

use crate::tlb::Perms;

pub use fence::sfence_vma;
pub use pmp::{PagePmp, Pmp, PmpState};
pub use pte::{Pbmt, Pte};
pub use walk::{Leaf, Mode, PteMemory, WalkContext, WalkFault, walk};

/// The permissions that let an access pass (Privileged §"Virtual Address Translation
/// Process", step 7): `user` is the effective privilege, `sum` is `sstatus.SUM`.
///
/// `sstatus.MXR` is not here: it is part of what the walk grants, so translations made
/// with and without it belong to different [`crate::Space`] regimes.
#[inline]
pub const fn accepted_perms(kind: AccessKind, user: bool, sum: bool) -> Perms {
    if user {
        return Perms::user(kind);
    }
    let supervisor = Perms::supervisor(kind);
    match kind {
        AccessKind::Execute => supervisor,
        AccessKind::Read | AccessKind::Write if sum => supervisor.or(Perms::user(kind)),
        AccessKind::Read | AccessKind::Write => supervisor,
    }
}
