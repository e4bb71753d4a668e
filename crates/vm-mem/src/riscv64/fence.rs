//! SFENCE.VMA (Privileged §"Supervisor Memory-Management Fence Instruction").

use vm_core::GuestVirtAddr;

use crate::tlb::{Level, Tlb};

/// Does to `tlb` what SFENCE.VMA, or SINVAL.VMA, orders: `va` is the value of rs1 unless
/// rs1 is x0, `asid` that of rs2 unless rs2 is x0.
///
/// Global translations survive where an ASID is given.
pub fn sfence_vma<L1: Level, L2: Level>(
    tlb: &mut Tlb<L1, L2>,
    va: Option<GuestVirtAddr>,
    asid: Option<u16>,
) {
    match (va, asid) {
        (None, None) => tlb.flush_all(),
        (None, Some(asid)) => tlb.flush_asid(asid, true),
        (Some(va), asid) => tlb.flush_address(va, asid),
    }
}
