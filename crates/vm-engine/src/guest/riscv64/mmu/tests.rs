use vm_core::AccessKind::{Execute, Read};
use vm_cross_arch::guest::riscv64::Helper;
use vm_mem::tlb::{Flush, SpaceFilter};

use crate::{
    cache::JumpFlush,
    guest::{
        Exception, Guest,
        riscv64::{
            Privilege::{Machine, Supervisor, User},
            testing::{Fixture, RAM, RAM_BYTES},
        },
    },
};

/// Page tables of the tests: root, one middle table, one leaf table.
const ROOT: u64 = RAM + 0x1000;
const MIDDLE: u64 = RAM + 0x2000;
const LEAVES: u64 = RAM + 0x3000;
/// What the leaves map to.
const DATA: u64 = RAM + 0x10_000;
/// Virtual addresses: the pages of the leaf table start here.
const VA: u64 = 0x40_0000;

const V: u64 = 1;
const R: u64 = 2;
const W: u64 = 4;
const X: u64 = 8;
const U: u64 = 16;
const G: u64 = 32;
const A: u64 = 64;
const D: u64 = 128;
const MPRV: u64 = 1 << 17;
const SUM: u64 = 1 << 18;
const MXR: u64 = 1 << 19;

fn pte(gpa: u64, bits: u64) -> u64 {
    gpa >> 12 << 10 | bits
}

fn map(f: &Fixture, page: u64, gpa: u64, bits: u64) {
    f.poke(LEAVES + 8 * page, pte(gpa, bits));
}

fn satp(asid: u64) -> u64 {
    8 << 60 | asid << 44 | ROOT >> 12
}

/// Sv39 with an empty leaf table, as firmware hands over to S-mode. A and D
/// fault (Svade).
fn paged() -> Fixture {
    let mut f = Fixture::supervisor();
    f.poke(ROOT, pte(MIDDLE, V));
    f.poke(MIDDLE + 8 * (VA >> 21), pte(LEAVES, V));
    f.enter(Machine).clear(0x30a, 1 << 61);
    f.write(0x180, satp(1));
    f.enter(Supervisor);
    f
}

fn fault<T>(cause: u64, value: u64) -> Result<T, Exception> {
    Err(Exception { cause, value })
}

#[test]
fn without_paging_addresses_are_physical() {
    let mut f = Fixture::new();
    assert_eq!(f.translate(RAM + 0x123, Read), Ok(RAM + 0x123));
    f.store(RAM, 42).unwrap();
    assert_eq!((f.load(RAM), f.peek(RAM)), (Ok(42), 42));
    assert_eq!(f.load(0x1000), fault(5, 0x1000));
    assert_eq!(f.store(u64::MAX - 7, 0), fault(7, u64::MAX - 7));
    assert_eq!(f.load(RAM + RAM_BYTES - 4), fault(5, RAM + RAM_BYTES));
}

#[test]
fn changes_of_protection_are_seen_at_once() {
    let mut f = Fixture::new();
    f.enter(Supervisor);
    assert_eq!(f.load(RAM), fault(5, RAM));
    assert_eq!(f.translate(RAM, Execute), fault(1, RAM));
    f.enter(Machine).write(0x3b0, u64::MAX);
    f.write(0x3a0, 0x19);
    f.enter(Supervisor);
    assert!(f.load(RAM).is_ok());
    assert_eq!(f.store(RAM, 0), fault(7, RAM));
    f.enter(Machine).write(0x3a0, 0x1b);
    assert!(f.enter(User).store(RAM, 0).is_ok());
    f.enter(Machine).write(0x3b0, 0);
    assert_eq!(f.enter(User).store(RAM, 0), fault(7, RAM));
}

#[test]
fn a_split_page_is_checked_per_access() {
    let mut f = Fixture::supervisor();
    f.enter(Machine).write(0x3b0, (RAM + 0x800) >> 2);
    f.write(0x3b1, (RAM + 0x808) >> 2);
    f.write(0x3b2, u64::MAX);
    f.write(0x3a0, 0x1f080f);
    f.enter(Supervisor);
    assert!(f.load(RAM + 0x7f8).is_ok());
    assert_eq!(
        f.load(RAM + 0x7fc),
        fault(5, RAM + 0x7fc),
        "straddles the edge"
    );
    assert_eq!(f.load(RAM + 0x800), fault(5, RAM + 0x800));
    assert!(f.store(RAM + 0x808, 0).is_ok());
}

#[test]
fn pages_translate_and_fault_by_permission() {
    let mut f = paged();
    map(&f, 0, DATA, V | R | W | A | D);
    map(&f, 1, DATA, V | X | A | D);
    f.poke(DATA + 8, 99);
    assert_eq!(f.load(VA + 8), Ok(99));
    f.store(VA + 16, 5).unwrap();
    assert_eq!(f.peek(DATA + 16), 5);
    assert_eq!(f.translate(VA, Execute), fault(12, VA));
    assert_eq!(f.translate(VA + 0x1004, Execute), Ok(DATA + 4));
    assert_eq!(f.load(VA + 0x1000), fault(13, VA + 0x1000));
    assert_eq!(f.store(VA + 0x1000, 0), fault(15, VA + 0x1000));
    assert_eq!(
        f.load(VA + 0xffc),
        fault(13, VA + 0x1000),
        "the part that faulted"
    );
    assert_eq!(f.load(1 << 39), fault(13, 1 << 39), "not canonical");
}

/// Whether a load of `va` succeeds after a register has the bits, and only then.
fn needs(f: &mut Fixture, number: u64, bits: u64, va: u64) {
    for _ in 0..2 {
        assert_eq!(f.load(va), fault(13, va), "{number:#x} {bits:#x}");
        f.set(number, bits);
        assert!(f.load(va).is_ok(), "{number:#x} {bits:#x}");
        f.clear(number, bits);
    }
}

#[test]
fn the_registers_of_the_hart_reach_its_mmu() {
    let mut f = paged();
    map(&f, 0, DATA, V | R | U | A);
    map(&f, 1, DATA, V | X | A);
    map(&f, 2, DATA, V | R | A | 1 << 61);
    map(&f, 3, DATA, V | R | U);
    needs(&mut f, 0x100, SUM, VA);
    needs(&mut f, 0x100, MXR, VA + 0x1000);
    // MPRV lends the mode in MPP to loads, not to fetches.
    f.enter(Machine).clear(0x30a, 1 << 62);
    f.write(0x300, MPRV | 1 << 11);
    needs(&mut f, 0x30a, 1 << 62, VA + 0x2000);
    assert_eq!(f.load(VA), fault(13, VA));
    assert_eq!(f.translate(RAM, Execute), Ok(RAM));
    f.write(0x300, MPRV);
    assert!(f.load(VA).is_ok());
    f.write(0x300, MPRV | 3 << 11);
    assert_eq!(f.load(VA), fault(5, VA));
    // With ADUE, the first load sets A.
    f.write(0x300, MPRV);
    assert_eq!(f.load(VA + 0x3000), fault(13, VA + 0x3000));
    f.set(0x30a, 1 << 61);
    assert!(f.load(VA + 0x3000).is_ok());
    assert_eq!(f.peek(LEAVES + 24), pte(DATA, V | R | U | A));
}

#[test]
fn without_adue_what_it_allowed_is_forgotten() {
    let mut f = paged();
    map(&f, 0, DATA, V | R | W);
    f.enter(Machine).set(0x30a, 1 << 61);
    assert!(f.enter(Supervisor).store(VA, 1).is_ok());
    map(&f, 0, DATA, V | R | W | A);
    f.enter(Machine).clear(0x30a, 1 << 61);
    assert_eq!(f.enter(Supervisor).store(VA, 1), fault(15, VA));
}

#[test]
fn cache_block_management_is_no_store() {
    let mut f = paged();
    map(&f, 0, DATA, V | R | W);
    f.enter(Machine).set(0x30a, 1 << 61);
    // Entry 0: the data page closed; entry 1: everything else open.
    f.write(0x3b0, (DATA >> 2) | 0x1ff);
    f.write(0x3b1, u64::MAX);
    f.write(0x3a0, 0x1f18);
    f.enter(Supervisor);
    let clean = [VA, 0, 1 << 20];
    assert_eq!(f.helper(Helper::CboManage, clean), fault(7, VA));
    assert_eq!(f.peek(LEAVES), pte(DATA, V | R | W | A));
}

/// Whether a change of page 0's mapping has been noticed.
fn sees_change(f: &mut Fixture) -> bool {
    f.load(VA).is_err()
}

fn cached(bits: u64) -> Fixture {
    let mut f = paged();
    map(&f, 0, DATA, V | R | A | bits);
    f.load(VA).unwrap();
    map(&f, 0, 0, 0);
    assert!(!sees_change(&mut f), "no fence yet");
    f
}

/// An SFENCE.VMA with `rs1` and `rs2` naming x0 or another register.
fn sfence(f: &mut Fixture, va: Option<u64>, asid: Option<u64>) {
    let bits = u64::from(va.is_some()) << 15 | u64::from(asid.is_some()) << 20;
    f.core.jump_flush = JumpFlush::default();
    f.helper(
        Helper::SfenceVma,
        [va.unwrap_or(0), asid.unwrap_or(0), bits],
    )
    .unwrap();
    assert!(f.core.jump_flush.is_pending());
}

#[test]
fn fences_cover_address_and_address_space() {
    for (va, asid, private, global) in [
        (None, None, true, true),
        (Some(VA), None, true, true),
        (Some(VA + 0x1000), None, false, false),
        (None, Some(1), true, false),
        (None, Some(0), false, false),
        (Some(VA), Some(1), true, false),
        (Some(VA), Some(2), false, false),
        (Some(0), None, false, false),
    ] {
        for (bits, expected) in [(0, private), (G, global)] {
            let mut f = cached(bits);
            sfence(&mut f, va, asid);
            assert_eq!(sees_change(&mut f), expected, "{va:?} {asid:?} {bits}");
        }
    }
}

#[test]
fn what_a_fence_says_of_global_translations_holds_in_every_cache() {
    let one = SpaceFilter::ALL.asid(1);
    for (filter, expected) in [
        (SpaceFilter::ALL, true),
        (SpaceFilter::ALL.vmid(0), true),
        (one, true),
        (one.keep_global(), false),
    ] {
        let mut f = cached(G);
        f.core.jump_flush = JumpFlush::default();
        f.core.flush_translations(&Flush { page: None, filter });
        assert_eq!(f.core.jump_flush.is_all(), expected, "{filter:?}");
        assert_eq!(sees_change(&mut f), expected, "{filter:?}");
    }
}

#[test]
fn fences_are_privileged_and_can_be_trapped() {
    let args = [0, 0, 0x1200_0073];
    let refused = fault(2, 0x1200_0073);
    let mut f = paged();
    assert_eq!(f.enter(User).helper(Helper::SfenceVma, args), refused);
    f.enter(Machine).set(0x300, 1 << 20);
    assert_eq!(f.enter(Supervisor).helper(Helper::SfenceVma, args), refused);
    assert!(f.enter(Machine).helper(Helper::SfenceVma, args).is_ok());
}

#[test]
fn other_harts_fence_ranges() {
    for (va, pages, asid, expected) in [
        (VA - 0x1000, 2, None, true),
        (VA - 0x1000, 1, None, false),
        (VA - 0x1000, 2, Some(1), true),
        (VA - 0x1000, 2, Some(3), false),
        (0, u64::MAX, None, true),
        (0, 10_000, Some(1), true),
        (0, 0, None, false),
    ] {
        let mut f = cached(0);
        f.hart.flush(&mut f.core, va, pages, asid);
        assert_eq!(sees_change(&mut f), expected, "{va:#x} {pages} {asid:?}");
    }
}

#[test]
fn address_spaces_keep_their_translations() {
    let mut f = cached(0);
    f.write(0x180, satp(2));
    assert!(sees_change(&mut f), "another ASID");
    f.write(0x180, satp(1));
    assert!(!sees_change(&mut f), "still there after two switches");
    f.write(0x180, 0);
    assert!(f.load(VA).is_err() && f.load(DATA).is_ok(), "off at once");
}
