//! The levels and the pair against a plain model that never forgets.

mod level;
mod model;
mod two_level;

use proptest::prelude::*;

use super::{Perms, Space, TlbEntry};

/// What a test does to a TLB.
#[derive(Debug, Clone)]
pub(super) enum Op {
    Insert(TlbEntry),
    Lookup(u64, Space, Perms),
    FlushAll,
    FlushAsid(u16, bool),
    FlushAddress(u64, Option<u16>),
    FlushVmid(u16),
    RetainPpnBelow(u64),
    ForbidDirectWrites(u64),
}

/// Few enough that they collide, spread so that sets and superpages differ.
fn vpn() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => 0u64..48,
        2 => (0u64..6).prop_map(|n| n * 512),
        1 => Just((1 << 52) - 1),
    ]
}

fn space() -> impl Strategy<Value = Space> {
    (0u8..2, 0u16..2, 0u16..3).prop_map(|(regime, vmid, asid)| Space::new(regime, vmid, asid))
}

fn perms() -> impl Strategy<Value = Perms> {
    (any::<[bool; 3]>(), 0usize..4).prop_map(|([r, w, x], sort)| {
        let sort = [Perms::USER, Perms::SUPERVISOR, Perms::ALL, Perms::NONE][sort];
        Perms::rwx(r, w, x).and(sort)
    })
}

fn entry() -> impl Strategy<Value = TlbEntry> {
    let page_shift = prop_oneof![4 => Just(12u8), 1 => Just(16), 2 => Just(21), 1 => Just(30)];
    (vpn(), space(), perms(), page_shift, any::<bool>(), 0u64..32).prop_map(
        |(vpn, space, perms, page_shift, global, ppn)| TlbEntry {
            vpn,
            space,
            ppn,
            host: 0x1000 + ppn as usize,
            host_write: 0x1000 + ppn as usize,
            page_shift,
            global,
            perms,
        },
    )
}

pub(super) fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        20 => entry().prop_map(Op::Insert),
        30 => (vpn(), space(), perms()).prop_map(|(v, s, p)| Op::Lookup(v, s, p)),
        1 => Just(Op::FlushAll),
        2 => (0u16..3, any::<bool>()).prop_map(|(asid, keep)| Op::FlushAsid(asid, keep)),
        4 => (vpn(), prop::option::of(0u16..3)).prop_map(|(v, asid)| Op::FlushAddress(v, asid)),
        1 => (0u16..2).prop_map(Op::FlushVmid),
        1 => (0u64..32).prop_map(Op::RetainPpnBelow),
        2 => (0u64..32).prop_map(Op::ForbidDirectWrites),
    ]
}

/// An entry for a 4 KiB page that everyone may access.
pub(super) fn page(vpn: u64, space: Space) -> TlbEntry {
    TlbEntry {
        vpn,
        space,
        ppn: vpn ^ 0x8_0000,
        host: 0x7000_0000,
        host_write: 0x7000_0000,
        page_shift: 12,
        global: false,
        perms: Perms::ALL,
    }
}
