//! SFENCE.VMA (Privileged §"Supervisor Memory-Management Fence Instruction").

use vm_core::{GuestVirtAddr, PAGE_SIZE};

use crate::tlb::{Flush, SpaceFilter};

/// More pages than this are flushed as a whole: the TLB holds fewer entries.
const MAX_PAGEWISE: u64 = 64;

/// What SFENCE.VMA, or SINVAL.VMA, orders: `va` is the value of rs1 unless rs1 is x0,
/// `asid` that of rs2 unless rs2 is x0.
///
/// Global translations survive where an ASID is given.
pub fn sfence_vma(va: Option<GuestVirtAddr>, asid: Option<u16>) -> Flush {
    let filter = match asid {
        Some(asid) => SpaceFilter::ALL.asid(asid).keep_global(),
        None => SpaceFilter::ALL,
    };
    Flush { page: va, filter }
}

/// The same for `pages` pages from `va` on.
pub fn sfence_vma_range(
    va: GuestVirtAddr,
    pages: u64,
    asid: Option<u16>,
) -> impl Iterator<Item = Flush> {
    let whole = (pages > MAX_PAGEWISE).then(|| sfence_vma(None, asid));
    let count = if whole.is_some() { 0 } else { pages };
    let each = (0..count).map(move |page| {
        let va = GuestVirtAddr(va.0.wrapping_add(page * PAGE_SIZE));
        sfence_vma(Some(va), asid)
    });
    whole.into_iter().chain(each)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlb::{DefaultTlb, Perms, Space, TlbEntry};

    const PAGE: u64 = 0x1234;
    const OTHER: u64 = 0x4321;

    /// Which of these survive: the page in ASID 1, in ASID 2, globally, and another page
    /// in ASID 1.
    fn survivors(flushes: impl Fn() -> Vec<Flush>) -> [bool; 4] {
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
            flushes().iter().for_each(|flush| tlb.flush(flush));
            tlb.lookup(vpn, space, Perms::SUPERVISOR_READ).is_some()
        })
    }

    #[test]
    fn each_combination_of_operands_flushes_what_the_manual_says() {
        let survivors =
            |va: Option<u64>, asid| survivors(|| vec![sfence_vma(va.map(GuestVirtAddr), asid)]);
        let va = Some(PAGE << 12 | 0x678);
        assert_eq!(survivors(None, None), [false, false, false, false]);
        assert_eq!(survivors(None, Some(1)), [false, true, true, false]);
        assert_eq!(survivors(va, None), [false, false, false, true]);
        assert_eq!(survivors(va, Some(1)), [false, true, true, true]);
        assert_eq!(survivors(va, Some(3)), [true, true, true, true]);
    }

    #[test]
    fn ranges_cover_their_pages_and_long_ones_everything() {
        let survivors = |first: u64, pages, asid| {
            let va = GuestVirtAddr(first << 12);
            survivors(|| sfence_vma_range(va, pages, asid).collect())
        };
        let (page, all, none) = ([false, false, false, true], [false; 4], [true; 4]);
        assert_eq!(survivors(PAGE, 0, None), none);
        assert_eq!(survivors(PAGE - 1, 1, None), none);
        assert_eq!(survivors(PAGE - 1, 2, None), page);
        assert_eq!(survivors(PAGE, MAX_PAGEWISE, None), page);
        assert_eq!(survivors(PAGE - 1, 2, Some(1)), [false, true, true, true]);
        assert_eq!(survivors(0, MAX_PAGEWISE + 1, None), all);
        assert_eq!(survivors(0, u64::MAX, Some(1)), [false, true, true, false]);
        assert_eq!(survivors(u64::MAX >> 12, 2, None), none, "it wraps");
    }
}
