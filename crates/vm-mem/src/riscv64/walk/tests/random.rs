//! Random tables, mostly sensible, walked by both.

use proptest::prelude::*;

use super::{model::Model, *};

/// Table pages: the root and the ones after it. Pointers may also lead past them.
const TABLES: u64 = 4;

/// An index into a table; few, so that walks find entries.
fn index() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0u64), Just(1), Just(8), Just(511)]
}

fn pointer() -> impl Strategy<Value = u64> {
    (0..=TABLES, any::<bool>())
        .prop_map(|(table, g)| (ROOT + table) << 10 | u64::from(g) << 5 | Pte::V)
}

fn leaf_entry() -> impl Strategy<Value = u64> {
    let alignment = prop_oneof![Just(0u32), Just(4), Just(9), Just(18), Just(27), Just(36)];
    let fields = (
        any::<u64>(),
        alignment,
        0u64..256,
        prop::bool::weighted(0.9),
    );
    (
        fields,
        prop::bool::weighted(0.3),
        prop::bool::weighted(0.3),
        0u64..4,
    )
        .prop_map(|((ppn, alignment, flags, valid), napot, typed, kind)| {
            let ppn = (ppn & ((1 << 44) - 1)) >> alignment << alignment;
            let napot = if napot { Pte::N | 8 << 10 } else { 0 };
            let kind = if typed { kind << 61 } else { 0 };
            ppn << 10 | flags & !1 | u64::from(valid) | napot | kind
        })
}

fn pte() -> impl Strategy<Value = u64> {
    let sensible = prop_oneof![3 => pointer(), 5 => leaf_entry()];
    // A few get a bit flipped; all but surely it is one that matters.
    (sensible, prop::option::weighted(0.15, 0u32..64))
        .prop_map(|(pte, flip)| pte ^ flip.map_or(0, |n| 1 << n))
}

fn tables() -> impl Strategy<Value = Tables> {
    let slot = (0..TABLES, index()).prop_map(|(t, i)| (ROOT + t) * 4096 + i * 8);
    (
        prop::collection::btree_map(slot, pte(), 8..17),
        prop::bool::weighted(0.1),
    )
        .prop_map(|(entries, read_only)| Tables {
            entries: RefCell::new(entries),
            read_only,
            ..Tables::default()
        })
}

fn any_context() -> impl Strategy<Value = WalkContext> {
    let mode = prop_oneof![
        Just(Mode::Sv39),
        Just(Mode::Sv48),
        Just(Mode::Sv57),
        Just(Mode::Bare)
    ];
    (mode, any::<[bool; 5]>()).prop_map(|(mode, [pbmte, hw_update_ad, sum, mxr, user])| {
        WalkContext {
            mode,
            root_ppn: ROOT,
            pbmte,
            hw_update_ad,
            sum,
            mxr,
            user,
        }
    })
}

/// A mostly canonical address for the widest mode, sign-extended from `width`.
fn address() -> impl Strategy<Value = u64> {
    let width = prop_oneof![Just(39u32), Just(48), Just(57), Just(64)];
    (prop::collection::vec(index(), 6), 0u64..4096, width).prop_map(|(indices, offset, width)| {
        let va = indices.iter().fold(0, |va, index| va << 9 | index) << 12 | offset;
        ((va << (64 - width)) as i64 >> (64 - width)) as u64
    })
}

fn kind() -> impl Strategy<Value = AccessKind> {
    prop_oneof![
        Just(AccessKind::Read),
        Just(AccessKind::Write),
        Just(AccessKind::Execute)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn agrees_with_the_model(
        tables in tables(),
        ctx in any_context(),
        accesses in prop::collection::vec((address(), kind()), 1..8),
    ) {
        let mut model_tables = tables.entries.borrow().clone();
        for (va, kind) in accesses {
            let mut model = Model {
                ctx,
                kind,
                tables: &mut model_tables,
                read_only: tables.read_only,
            };
            let expected = model.translate(va);
            let found = walk(&ctx, GuestVirtAddr(va), kind, &tables);
            let summary = found.map(|leaf| {
                let pa = leaf.page.0 | va & 0xfff;
                (pa, u32::from(leaf.page_shift), leaf.global, leaf.pbmt as u64)
            });
            prop_assert_eq!(summary, expected);
            prop_assert_eq!(&*tables.entries.borrow(), &model_tables);
            if let Ok(leaf) = found {
                grants_what_a_walk_would(&ctx, va, leaf, &tables)?;
            }
        }
    }
}

/// A cached leaf lets an access pass exactly if a walk that may not touch the tables does.
fn grants_what_a_walk_would(
    ctx: &WalkContext,
    va: u64,
    leaf: Leaf,
    tables: &Tables,
) -> Result<(), TestCaseError> {
    for kind in [AccessKind::Read, AccessKind::Write, AccessKind::Execute] {
        for (sum, user) in [(false, false), (true, false), (false, true)] {
            let strict = WalkContext {
                hw_update_ad: false,
                sum,
                user,
                ..*ctx
            };
            let cached = leaf.perms.intersects(accepted_perms(kind, user, sum));
            let walked = walk(&strict, GuestVirtAddr(va), kind, tables);
            prop_assert_eq!(
                cached,
                walked.is_ok(),
                "{:?} sum {} user {}",
                kind,
                sum,
                user
            );
        }
    }
    Ok(())
}
