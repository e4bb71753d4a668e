use proptest::prelude::*;
use vm_core::GuestVirtAddr;

use super::{Op, model::Model, op, page};
use crate::tlb::{
    DefaultTlb, Flush, Level, LevelStats, Lru, NoLevel, Perms, PseudoLru, Random, Space,
    SpaceFilter, Tlb, TlbLevel, TlbStats,
};

const SPACE: Space = Space::new(0, 0, 1);

fn apply(tlb: &mut Tlb<impl Level, impl Level>, model: &mut Model, op: &Op) {
    match *op {
        Op::Insert(entry) => {
            tlb.insert(entry);
            model.insert(entry);
        }
        Op::Lookup(vpn, space, accept) => {
            let found = tlb.lookup(vpn, space, accept);
            assert!(found.is_none() || found == model.lookup(vpn, space, accept));
        }
        Op::FlushAll => {
            tlb.flush_all();
            model.entries.clear();
        }
        Op::FlushAsid(asid, keep) => {
            let filter = SpaceFilter::ALL.asid(asid);
            let filter = if keep { filter.keep_global() } else { filter };
            tlb.flush(&Flush { page: None, filter });
            model.flush_asid(asid, keep);
        }
        Op::FlushAddress(vpn, asid) => {
            let page = Some(GuestVirtAddr(vpn << 12 | 0xabc));
            let filter = asid.map_or(SpaceFilter::ALL, |asid| {
                SpaceFilter::ALL.asid(asid).keep_global()
            });
            tlb.flush(&Flush { page, filter });
            model.flush_address(vpn, asid);
        }
        Op::FlushVmid(vmid) => {
            let filter = SpaceFilter::ALL.vmid(vmid);
            tlb.flush(&Flush { page: None, filter });
            model.flush_vmid(vmid);
        }
        Op::RetainPpnBelow(limit) => {
            tlb.retain(|e| e.ppn < limit);
            model.entries.retain(|e| e.ppn < limit);
        }
        Op::ForbidDirectWrites(ppn) => {
            tlb.forbid_direct_writes(ppn);
            model.forbid_direct_writes(ppn);
        }
    }
}

fn never_lies<L1: Level + Default, L2: Level + Default>(ops: &[Op]) {
    let mut tlb = Tlb::<L1, L2>::new();
    let mut model = Model::default();
    let mut lookups = 0;
    for op in ops {
        lookups += u64::from(matches!(op, Op::Lookup(..)));
        apply(&mut tlb, &mut model, op);
    }
    let TlbStats { l1, l2 } = tlb.stats();
    assert_eq!(l1.hits + l1.misses, lookups);
    assert_eq!(l2.hits + l2.misses, l1.misses);
}

proptest! {
    #[test]
    fn answers_only_what_the_model_knows(ops in prop::collection::vec(op(), 1..300)) {
        never_lies::<TlbLevel<4, 2, Lru>, TlbLevel<16, 4, Lru>>(&ops);
        never_lies::<TlbLevel<4, 4, Random>, TlbLevel<32, 4, PseudoLru>>(&ops);
        never_lies::<NoLevel, TlbLevel<16, 4, Lru>>(&ops);
    }

    /// Pages that fit the default second level all stay, through both levels.
    #[test]
    fn the_default_keeps_a_working_set_of_512_pages(first in 0u64..1 << 40) {
        let mut tlb = DefaultTlb::new();
        for vpn in first..first + 512 {
            tlb.insert(page(vpn, SPACE));
        }
        for vpn in first..first + 512 {
            prop_assert_eq!(tlb.lookup(vpn, SPACE, Perms::USER_READ), Some(page(vpn, SPACE)));
        }
    }
}

#[test]
fn statistics_tell_the_levels_apart() {
    let mut tlb = DefaultTlb::new();
    assert_eq!(tlb.lookup(9, SPACE, Perms::ALL), None);
    tlb.insert(page(9, SPACE));
    tlb.lookup(9, SPACE, Perms::ALL).unwrap();
    for n in 1..=4 {
        tlb.insert(page(9 + 16 * n, SPACE));
    }
    tlb.lookup(9, SPACE, Perms::ALL).unwrap();
    tlb.lookup(9, SPACE, Perms::ALL).unwrap();
    let expected = TlbStats {
        l1: LevelStats { hits: 2, misses: 2 },
        l2: LevelStats { hits: 1, misses: 1 },
    };
    assert_eq!(tlb.stats(), expected);
    tlb.reset_stats();
    assert_eq!(tlb.stats(), TlbStats::default());
}

#[test]
fn an_upgraded_entry_replaces_both_copies() {
    let mut tlb = DefaultTlb::new();
    let mut entry = page(5, SPACE);
    entry.perms = Perms::USER_READ;
    tlb.insert(entry);
    assert_eq!(tlb.lookup(5, SPACE, Perms::USER_WRITE), None);
    entry.perms = Perms::USER_READ.or(Perms::USER_WRITE);
    tlb.insert(entry);
    assert_eq!(tlb.lookup(5, SPACE, Perms::USER_WRITE), Some(entry));
    assert_eq!(tlb.lookup(5, SPACE, Perms::USER_READ), Some(entry));
}
