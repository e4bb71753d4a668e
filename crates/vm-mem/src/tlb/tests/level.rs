use proptest::prelude::*;

use super::{Op, model::Model, model::belongs, op, page};
use crate::tlb::{Level, Lru, Perms, PseudoLru, Random, Space, SpaceFilter, TlbEntry, TlbLevel};

const SPACE: Space = Space::new(1, 0, 7);

fn filter_of(asid: Option<u16>) -> SpaceFilter {
    match asid {
        Some(asid) => SpaceFilter::ALL.asid(asid).keep_global(),
        None => SpaceFilter::ALL,
    }
}

/// Applies everything but lookups and insertions to both.
fn maintain(level: &mut impl Level, model: &mut Model, op: &Op) {
    match *op {
        Op::Insert(_) | Op::Lookup(..) => {}
        Op::FlushAll => {
            level.flush(SpaceFilter::ALL);
            model.entries.clear();
        }
        Op::FlushAsid(asid, keep) => {
            let filter = SpaceFilter::ALL.asid(asid);
            level.flush(if keep { filter.keep_global() } else { filter });
            model.flush_asid(asid, keep);
        }
        Op::FlushAddress(vpn, asid) => {
            level.flush_page(vpn, filter_of(asid));
            model.flush_address(vpn, asid);
        }
        Op::FlushVmid(vmid) => {
            level.flush(SpaceFilter::ALL.vmid(vmid));
            model.flush_vmid(vmid);
        }
        Op::RetainPpnBelow(limit) => {
            level.retain(|e| e.ppn < limit);
            model.entries.retain(|e| e.ppn < limit);
        }
        Op::ForbidDirectWrites(ppn) => {
            level.forbid_direct_writes(ppn);
            model.forbid_direct_writes(ppn);
        }
    }
}

/// Everything the level answers is what the model knows, and the newest entry is kept.
fn never_lies(mut level: impl Level, ops: &[Op]) {
    let mut model = Model::default();
    for op in ops {
        match *op {
            Op::Insert(entry) => {
                level.insert(&entry);
                model.insert(entry);
                let found = level.lookup(entry.vpn, entry.space, entry.perms).copied();
                assert_eq!(found, (!entry.perms.is_empty()).then_some(entry));
            }
            Op::Lookup(vpn, space, accept) => {
                if let Some(&found) = level.lookup(vpn, space, accept) {
                    assert_eq!(model.lookup(vpn, space, accept), Some(found));
                }
            }
            _ => maintain(&mut level, &mut model, op),
        }
    }
}

/// The level hits exactly when a list per set, in order of use, does.
fn is_exactly_lru<const CAPACITY: usize, const WAYS: usize>(ops: &[Op]) {
    let mut level = TlbLevel::<CAPACITY, WAYS, Lru>::new();
    let mut model = Model::default();
    let sets = (CAPACITY / WAYS) as u64;
    for op in ops {
        match *op {
            Op::Insert(entry) => {
                level.insert(&entry);
                model.insert(entry);
                let same_set = |e: &TlbEntry| e.vpn % sets == entry.vpn % sets;
                if model.entries.iter().filter(|e| same_set(e)).count() > WAYS {
                    let oldest = model.entries.iter().position(same_set).unwrap();
                    model.entries.remove(oldest);
                }
            }
            Op::Lookup(vpn, space, accept) => {
                let expected = model.lookup(vpn, space, accept);
                assert_eq!(level.lookup(vpn, space, accept).copied(), expected);
                let used = |e: &TlbEntry| e.vpn == vpn && belongs(e, space);
                if expected.is_some() {
                    let at = model.entries.iter().position(used).unwrap();
                    let entry = model.entries.remove(at);
                    model.entries.push(entry);
                }
            }
            _ => maintain(&mut level, &mut model, op),
        }
    }
}

proptest! {
    #[test]
    fn lru_never_lies(ops in prop::collection::vec(op(), 1..300)) {
        never_lies(TlbLevel::<16, 4, Lru>::new(), &ops);
        never_lies(TlbLevel::<4, 1, Lru>::new(), &ops);
    }

    #[test]
    fn pseudo_lru_never_lies(ops in prop::collection::vec(op(), 1..300)) {
        never_lies(TlbLevel::<32, 8, PseudoLru>::new(), &ops);
        never_lies(TlbLevel::<16, 16, PseudoLru>::new(), &ops);
    }

    #[test]
    fn random_never_lies(ops in prop::collection::vec(op(), 1..300)) {
        never_lies(TlbLevel::<16, 2, Random>::new(), &ops);
    }

    #[test]
    fn lru_is_exact(ops in prop::collection::vec(op(), 1..300)) {
        is_exactly_lru::<16, 4>(&ops);
        is_exactly_lru::<8, 8>(&ops);
        is_exactly_lru::<4, 1>(&ops);
    }
}

/// As many pages as a set has ways stay, whatever the policy.
fn fills_before_it_evicts(mut level: impl Level, sets: u64, ways: u64) {
    for way in 0..ways {
        level.insert(&page(3 + way * sets, SPACE));
    }
    for way in 0..ways {
        let vpn = 3 + way * sets;
        assert_eq!(
            level.lookup(vpn, SPACE, Perms::USER),
            Some(&page(vpn, SPACE))
        );
    }
}

#[test]
fn every_policy_fills_a_set_before_it_evicts() {
    fills_before_it_evicts(TlbLevel::<64, 4, Lru>::new(), 16, 4);
    fills_before_it_evicts(TlbLevel::<64, 4, PseudoLru>::new(), 16, 4);
    fills_before_it_evicts(TlbLevel::<64, 8, Random>::default(), 8, 8);
}

#[test]
fn a_fresh_superpage_is_found_after_partial_flushes() {
    let mut level = TlbLevel::<64, 4, Lru>::new();
    let fragment = |vpn| TlbEntry {
        page_shift: 21,
        ..page(vpn, SPACE)
    };
    level.insert(&fragment(0x207));
    level.insert(&fragment(0x407));
    level.flush_page(0x3ff, SpaceFilter::ALL);
    assert_eq!(level.lookup(0x207, SPACE, Perms::ALL), None);
    assert!(level.lookup(0x407, SPACE, Perms::ALL).is_some());
    level.flush_page(0x400, SpaceFilter::ALL);
    assert_eq!(level.lookup(0x407, SPACE, Perms::ALL), None);
}

#[test]
fn no_page_number_matches_an_unused_way() {
    let mut level = TlbLevel::<4, 4, Lru>::new();
    level.insert(&page(0, SPACE));
    level.flush(SpaceFilter::ALL);
    for vpn in [0, 1, u64::MAX, u64::MAX >> 12] {
        assert_eq!(level.lookup(vpn, SPACE, Perms::ALL), None);
    }
}
