//! Single rules on hand-made tables.

use AccessKind::{Execute, Read, Write};

use super::*;

const RWXAD: u64 = Pte::V | Pte::R | Pte::W | Pte::X | Pte::A | Pte::D;

/// Sv39 tables that map virtual page 0x1_2345 (indices 0, 0x91, 0x145) by `leaf`, at
/// level 0, 1 or 2.
fn sv39(leaf: u64, level: u64) -> Tables {
    let tables = Tables::default();
    let indices = [0x145, 0x91, 0];
    for (at, index) in indices.iter().enumerate().rev() {
        let table = ROOT + (2 - at as u64);
        let pte = if at as u64 == level {
            leaf
        } else {
            (table + 1) << 10 | Pte::V
        };
        tables
            .entries
            .borrow_mut()
            .insert((table << 12) + index * 8, pte);
    }
    tables
}

const VA: GuestVirtAddr = GuestVirtAddr(0x1234_5678);

fn read(ctx: &WalkContext, tables: &Tables) -> Result<Leaf, Fault> {
    walk(ctx, VA, Read, tables)
}

#[test]
fn pages_of_all_sizes() {
    let ctx = context(Mode::Sv39);
    for (level, ppn, page, shift) in [
        (0, 0x81234u64, 0x8123_4000u64, 12),
        (1, 0x81200, 0x8134_5000, 21),
        (2, 0x80000, 0x9234_5000, 30),
    ] {
        let leaf = read(&ctx, &sv39(ppn << 10 | RWXAD, level)).unwrap();
        assert_eq!((leaf.page.0, leaf.page_shift), (page, shift));
        assert_eq!(leaf.perms, Perms::SUPERVISOR);
    }
    let misaligned = sv39(0x81201 << 10 | RWXAD, 1);
    assert_eq!(read(&ctx, &misaligned), Err(Fault::Page));
}

#[test]
fn napot_is_64_kib_at_the_last_level_only() {
    let ctx = context(Mode::Sv39);
    let leaf = read(&ctx, &sv39(Pte::N | 0x81238 << 10 | RWXAD, 0)).unwrap();
    assert_eq!((leaf.page.0, leaf.page_shift), (0x8123_5000, 16));
    for (ppn, level) in [(0x81234, 0), (0x81230, 0), (0x81239, 0), (0x81200, 1)] {
        let tables = sv39(Pte::N | ppn << 10 | RWXAD, level);
        assert_eq!(read(&ctx, &tables), Err(Fault::Page), "{ppn:#x}");
    }
}

#[test]
fn memory_types_need_pbmte() {
    let ctx = context(Mode::Sv39);
    let with_types = WalkContext { pbmte: true, ..ctx };
    for (bits, expected) in [
        (0u64, Some(Pbmt::Pma)),
        (1, Some(Pbmt::Nc)),
        (2, Some(Pbmt::Io)),
        (3, None),
    ] {
        let tables = sv39(bits << 61 | 0x81234 << 10 | RWXAD, 0);
        assert_eq!(read(&with_types, &tables).ok().map(|l| l.pbmt), expected);
        assert_eq!(read(&ctx, &tables).is_ok(), bits == 0);
    }
}

#[test]
fn svade_faults_and_svadu_updates() {
    let clean = 0x81234 << 10 | Pte::V | Pte::R | Pte::W;
    let slot = (ROOT + 2) * 4096 + 0x145 * 8;
    let strict = context(Mode::Sv39);
    let updating = WalkContext {
        hw_update_ad: true,
        ..strict
    };
    let tables = sv39(clean, 0);
    assert_eq!(read(&strict, &tables), Err(Fault::Page));
    assert_eq!(tables.load(slot), Some(clean));

    let leaf = read(&updating, &tables).unwrap();
    assert_eq!(
        leaf.perms,
        Perms::SUPERVISOR_READ,
        "no stores while the page is clean"
    );
    assert_eq!(tables.load(slot), Some(clean | Pte::A));
    assert_eq!(walk(&strict, VA, Write, &tables), Err(Fault::Page));

    let leaf = walk(&updating, VA, Write, &tables).unwrap();
    assert!(leaf.perms.contains(Perms::SUPERVISOR_WRITE));
    assert_eq!(tables.load(slot), Some(clean | Pte::A | Pte::D));
    assert!(walk(&strict, VA, Write, &tables).is_ok());
}

#[test]
fn a_denied_access_leaves_the_entry_alone() {
    let read_only = 0x81234 << 10 | Pte::V | Pte::R;
    let ctx = WalkContext {
        hw_update_ad: true,
        ..context(Mode::Sv39)
    };
    let tables = sv39(read_only, 0);
    let before = tables.entries.borrow().clone();
    assert_eq!(walk(&ctx, VA, Write, &tables), Err(Fault::Page));
    assert_eq!(walk(&ctx, VA, Execute, &tables), Err(Fault::Page));
    assert_eq!(*tables.entries.borrow(), before);
}

#[test]
fn a_lost_race_looks_at_the_entry_again() {
    let ctx = WalkContext {
        hw_update_ad: true,
        ..context(Mode::Sv39)
    };
    let clean = 0x81234 << 10 | Pte::V | Pte::R;
    for (meanwhile, expected) in [
        (0, Err(Fault::Page)),
        (0x95678 << 10 | Pte::V | Pte::R, Ok(0x9567_8000)),
        (clean | Pte::A, Ok(0x8123_4000)),
    ] {
        let tables = sv39(clean, 0);
        *tables.interference.borrow_mut() = Some(meanwhile);
        assert_eq!(read(&ctx, &tables).map(|leaf| leaf.page.0), expected);
    }
}

#[test]
fn a_superpage_split_during_the_walk_is_followed_down() {
    let ctx = WalkContext {
        hw_update_ad: true,
        ..context(Mode::Sv39)
    };
    let tables = sv39(0x80000 << 10 | Pte::V | Pte::R, 1);
    let last_level = ROOT + 2;
    *tables.interference.borrow_mut() = Some(last_level << 10 | Pte::V);
    let small = 0x91111 << 10 | RWXAD;
    tables
        .entries
        .borrow_mut()
        .insert(last_level * 4096 + 0x145 * 8, small);
    let leaf = read(&ctx, &tables).unwrap();
    assert_eq!((leaf.page.0, leaf.page_shift), (0x9111_1000, 12));
}

#[test]
fn tables_out_of_reach_give_access_faults() {
    let ctx = WalkContext {
        hw_update_ad: true,
        ..context(Mode::Sv39)
    };
    assert_eq!(read(&ctx, &Tables::default()), Err(Fault::Access));
    let read_only = Tables {
        read_only: true,
        ..sv39(0x81234 << 10 | Pte::V | Pte::R, 0)
    };
    assert_eq!(read(&ctx, &read_only), Err(Fault::Access));
}

#[test]
fn non_canonical_addresses_never_reach_the_tables() {
    for (mode, width) in [(Mode::Sv39, 39), (Mode::Sv48, 48), (Mode::Sv57, 57)] {
        let ctx = context(mode);
        for (va, canonical) in [
            ((1u64 << (width - 1)) - 1, true),
            (1 << (width - 1), false),
            (u64::MAX << (width - 1), true),
            (u64::MAX << width, false),
            (1 << 63, false),
        ] {
            let fault = walk(&ctx, GuestVirtAddr(va), Read, &Tables::default()).unwrap_err();
            // Empty memory: whoever looks at a table gets an access fault.
            let reached = fault == Fault::Access;
            assert_eq!(reached, canonical, "{mode:?} {va:#x}");
        }
    }
}

#[test]
fn bare_is_the_identity_for_everyone() {
    let leaf = walk(&context(Mode::Bare), VA, Execute, &Tables::default()).unwrap();
    assert_eq!(
        (leaf.page, leaf.perms),
        (VA.0.wrapping_sub(0x678).into(), Perms::ALL)
    );
}

#[test]
fn satp_modes() {
    let known = (0..16).filter_map(|n| Some((n, Mode::from_satp(n)?)));
    let expected = [
        (0, Mode::Bare),
        (8, Mode::Sv39),
        (9, Mode::Sv48),
        (10, Mode::Sv57),
    ];
    assert!(known.eq(expected));
}

#[test]
fn walks_guest_ram() {
    let base = GuestPhysAddr(0x8000_0000);
    let ram = GuestRam::new(&[(base, 0x1000)]).unwrap();
    let gigapage = 0x80000 << 10 | Pte::V | Pte::R | Pte::W;
    ram.store(base, AccessSize::Double, gigapage).unwrap();
    let ctx = WalkContext {
        root_ppn: base.page(),
        hw_update_ad: true,
        ..context(Mode::Sv39)
    };
    let leaf = walk(&ctx, VA, Write, &ram).unwrap();
    assert_eq!((leaf.page.0, leaf.page_shift), (0x9234_5000, 30));
    let marked = ram.load(base, AccessSize::Double);
    assert_eq!(marked, Some(gigapage | Pte::A | Pte::D));
    let elsewhere = WalkContext { root_ppn: 1, ..ctx };
    assert_eq!(walk(&elsewhere, VA, Read, &ram), Err(Fault::Access));
}
