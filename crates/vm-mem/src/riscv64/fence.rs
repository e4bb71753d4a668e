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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlb::{DefaultTlb, Perms, Space, TlbEntry};

    const PAGE: u64 = 0x1234;
    const OTHER: u64 = 0x4321;

    /// Which of these survive: the page in ASID 1, in ASID 2, globally, and another page
    /// in ASID 1.
    fn survivors(va: Option<u64>, asid: Option<u16>) -> [bool; 4] {
        let cases = [
            (PAGE, 1, false),
            (PAGE, 2, false),
            (PAGE, 3, true),
            (OTHER, 1, false),
        ];
        cases.map(|(vpn, own, global)| {
            let mut tlb = DefaultTlb::new();
            let space = Space::new(1, 0, own);
            tlb.insert(TlbEntry {
                vpn,
                space,
                ppn: 1,
                host: 0,
                host_write: 0,
                page_shift: 12,
                global,
                perms: Perms::SUPERVISOR_READ,
            });
            sfence_vma(&mut tlb, va.map(GuestVirtAddr), asid);
            tlb.lookup(vpn, space, Perms::SUPERVISOR_READ).is_some()
        })
    }

    #[test]
    fn each_combination_of_operands_flushes_what_the_manual_says() {
        let va = Some(PAGE << 12 | 0x678);
        assert_eq!(survivors(None, None), [false, false, false, false]);
        assert_eq!(survivors(None, Some(1)), [false, true, true, false]);
        assert_eq!(survivors(va, None), [false, false, false, true]);
        assert_eq!(survivors(va, Some(1)), [false, true, true, true]);
        assert_eq!(survivors(va, Some(3)), [true, true, true, true]);
    }
}
