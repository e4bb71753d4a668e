use vm_core::{
    AccessKind::{self, Execute, Read, Write},
    AccessSize, GuestPhysAddr, GuestVirtAddr,
};

use super::*;
use crate::{
    riscv64::{
        Privilege::{self, Machine, Supervisor, User},
        Pte, Satp,
    },
    tlb::DefaultTlb,
};

const RAM: u64 = 0x8000_0000;
const RAM_BYTES: u64 = 0x10_0000;
/// Page tables of the tests: root, one middle table, one leaf table.
const ROOT: u64 = RAM + 0x1000;
const MIDDLE: u64 = RAM + 0x2000;
const LEAVES: u64 = RAM + 0x3000;
/// What the leaves map to.
const DATA: u64 = RAM + 0x10_000;
/// Virtual addresses: the pages of the leaf table start here.
const VA: u64 = 0x40_0000;

const R: u64 = Pte::R;
const W: u64 = Pte::W;
const X: u64 = Pte::X;
const U: u64 = Pte::U;
const A: u64 = Pte::A;
const D: u64 = Pte::D;
const NC: u64 = 1 << 61;

/// A hart's MMU with the TLB that its answers go to, as the engine uses them.
struct Hart {
    context: Context,
    pmp: Pmp,
    ram: GuestRam,
    tlb: DefaultTlb,
}

impl Hart {
    /// In M-mode, as after reset.
    fn new() -> Self {
        Self {
            context: Context {
                privilege: Machine,
                lent: None,
                sum: false,
                mxr: false,
                satp: Satp(0),
                adue: false,
                pbmte: true,
            },
            pmp: Pmp::new(),
            ram: GuestRam::new(&[(GuestPhysAddr(RAM), RAM_BYTES)]).unwrap(),
            tlb: DefaultTlb::new(),
        }
    }

    /// In S-mode with all of memory open, Sv39 and an empty leaf table. A and D fault
    /// (Svade).
    fn paged() -> Self {
        let mut hart = Self::new();
        hart.protect(&[u64::MAX], 0x1f);
        hart.poke(ROOT, pte(MIDDLE, 0));
        hart.poke(MIDDLE + 8 * (VA >> 21), pte(LEAVES, 0));
        hart.context.satp = satp(1);
        hart.enter(Supervisor);
        hart
    }

    fn enter(&mut self, privilege: Privilege) {
        self.context.privilege = privilege;
    }

    /// Sets `pmpaddr0` and those that follow, and `pmpcfg0`; then a hart forgets what it
    /// has cached.
    fn protect(&mut self, addresses: &[u64], configs: u64) {
        self.pmp = Pmp::new();
        for (index, &address) in addresses.iter().enumerate() {
            self.pmp.write_addr(index, address).unwrap();
        }
        self.pmp.write_cfg(0, configs).unwrap();
        self.tlb.flush_all();
    }

    /// One page protected as `config` says, everything else open.
    fn protect_page(&mut self, gpa: u64, config: u64) {
        self.protect(&[(gpa >> 2) | 0x1ff, u64::MAX], 0x1f << 8 | config);
    }

    fn poke(&self, gpa: u64, value: u64) {
        let size = AccessSize::Double;
        self.ram.store(GuestPhysAddr(gpa), size, value).unwrap();
    }

    fn peek(&self, gpa: u64) -> u64 {
        let size = AccessSize::Double;
        self.ram.load(GuestPhysAddr(gpa), size).unwrap()
    }

    fn map(&self, page: u64, gpa: u64, bits: u64) {
        self.poke(LEAVES + 8 * page, pte(gpa, bits));
    }

    fn access(&mut self, va: u64, size: AccessSize, kind: AccessKind) -> Result<u64, Fault> {
        let (space, accept) = (self.context.space(kind), self.context.accept(kind));
        let entry = match self.tlb.lookup(va >> 12, space, accept) {
            Some(entry) => entry,
            None => {
                let mmu = Mmu {
                    context: self.context,
                    pmp: &self.pmp,
                    ram: &self.ram,
                };
                let fill = mmu.translate(GuestVirtAddr(va), size, kind)?;
                if fill.cacheable {
                    self.tlb.insert(fill.entry);
                }
                fill.entry
            }
        };
        let in_ram = (RAM..RAM + RAM_BYTES).contains(&(entry.ppn << 12));
        assert_eq!(entry.host != 0, in_ram);
        Ok(entry.ppn << 12 | va & 0xfff)
    }

    /// The physical address of an access to two bytes.
    fn translate(&mut self, va: u64, kind: AccessKind) -> Result<u64, Fault> {
        self.access(va, AccessSize::Half, kind)
    }

    fn load(&mut self, va: u64) -> Result<u64, Fault> {
        self.access(va, AccessSize::Double, Read)
    }

    fn store(&mut self, va: u64) -> Result<u64, Fault> {
        self.access(va, AccessSize::Double, Write)
    }
}

/// A valid entry.
fn pte(gpa: u64, bits: u64) -> u64 {
    gpa >> 12 << 10 | bits | Pte::V
}

fn satp(asid: u64) -> Satp {
    Satp(8 << 60 | asid << 44 | ROOT >> 12)
}

const PAGE: Result<u64, Fault> = Err(Fault::Page);
const ACCESS: Result<u64, Fault> = Err(Fault::Access);

#[test]
fn without_paging_addresses_are_physical() {
    let mut hart = Hart::new();
    assert_eq!(hart.translate(RAM + 0x123, Read), Ok(RAM + 0x123));
    assert_eq!(hart.translate(0x1000, Write), Ok(0x1000));
    hart.context.satp = satp(1);
    assert_eq!(
        hart.translate(RAM, Execute),
        Ok(RAM),
        "M-mode has no paging"
    );
}

#[test]
fn protection_denies_lower_modes_until_an_entry_allows() {
    let mut hart = Hart::new();
    assert!(hart.load(RAM).is_ok());
    hart.enter(Supervisor);
    let why = "what M-mode cached does not serve S-mode";
    assert_eq!(hart.load(RAM), ACCESS, "{why}");
    assert_eq!(hart.translate(RAM, Execute), ACCESS);
    hart.protect(&[u64::MAX], 0x19);
    assert!(hart.load(RAM).is_ok());
    assert_eq!(hart.store(RAM), ACCESS);
    hart.protect(&[u64::MAX], 0x1b);
    hart.enter(User);
    assert!(hart.store(RAM).is_ok());
    hart.enter(Machine);
    assert!(hart.store(RAM).is_ok());
}

#[test]
fn locked_entries_bind_machine_mode() {
    let mut hart = Hart::new();
    hart.protect(&[(RAM >> 2) | 0x1ff], 0x9c);
    assert_eq!(hart.load(RAM), ACCESS);
    assert_eq!(hart.translate(RAM, Execute), Ok(RAM));
    assert!(hart.load(RAM + 0x1000).is_ok());
}

#[test]
fn a_split_page_is_checked_per_access() {
    let mut hart = Hart::new();
    let (from, to) = ((RAM + 0x800) >> 2, (RAM + 0x808) >> 2);
    hart.protect(&[from, to, u64::MAX], 0x1f_080f);
    hart.enter(Supervisor);
    assert!(hart.load(RAM + 0x7f8).is_ok());
    assert_eq!(hart.load(RAM + 0x7fc), ACCESS, "straddles the edge");
    assert_eq!(hart.load(RAM + 0x800), ACCESS);
    assert!(hart.store(RAM + 0x808).is_ok());
}

#[test]
fn pages_translate_and_fault_by_permission() {
    let mut hart = Hart::paged();
    hart.map(0, DATA, R | W | A | D);
    hart.map(1, DATA, X | A | D);
    assert_eq!(hart.load(VA + 8), Ok(DATA + 8));
    assert_eq!(hart.store(VA + 16), Ok(DATA + 16));
    assert_eq!(hart.translate(VA, Execute), PAGE);
    assert_eq!(hart.translate(VA + 0x1004, Execute), Ok(DATA + 4));
    assert_eq!(hart.load(VA + 0x1000), PAGE);
    assert_eq!(hart.store(VA + 0x1000), PAGE);
    assert_eq!(hart.load(1 << 39), PAGE, "not canonical");
}

#[test]
fn user_pages_need_user_mode_or_sum() {
    let mut hart = Hart::paged();
    hart.map(0, DATA, R | W | X | U | A | D);
    hart.map(1, DATA, R | W | X | A | D);
    assert_eq!(hart.load(VA), PAGE);
    hart.context.sum = true;
    assert!(hart.load(VA).is_ok() && hart.store(VA).is_ok());
    let why = "SUM is not for fetches";
    assert_eq!(hart.translate(VA, Execute), PAGE, "{why}");
    hart.context.sum = false;
    assert_eq!(hart.store(VA), PAGE, "cached, but closed again");
    hart.enter(User);
    assert!(hart.load(VA).is_ok());
    assert_eq!(hart.translate(VA, Execute), Ok(DATA));
    assert_eq!(hart.load(VA + 0x1000), PAGE);
}

#[test]
fn mxr_makes_executable_pages_readable() {
    let mut hart = Hart::paged();
    hart.map(0, DATA, X | A);
    hart.context.mxr = true;
    assert!(hart.load(VA).is_ok());
    hart.context.mxr = false;
    assert_eq!(hart.load(VA), PAGE, "not served from what MXR allowed");
    hart.context.mxr = true;
    assert!(hart.load(VA).is_ok());
    assert_eq!(hart.store(VA), PAGE);
}

#[test]
fn mprv_lends_the_previous_mode_to_data_accesses() {
    let mut hart = Hart::paged();
    hart.map(0, DATA, R | W | U | A | D);
    hart.map(1, DATA, R | W | A | D);
    hart.enter(Machine);
    hart.context.lent = Some(User);
    assert!(hart.load(VA).is_ok());
    assert_eq!(hart.load(VA + 0x1000), PAGE);
    hart.context.lent = Some(Supervisor);
    assert!(hart.load(VA + 0x1000).is_ok());
    assert_eq!(hart.load(VA), PAGE);
    hart.context.sum = true;
    assert!(hart.load(VA).is_ok());
    let why = "fetches stay in M-mode";
    assert_eq!(hart.translate(RAM, Execute), Ok(RAM), "{why}");
    hart.context.lent = Some(Machine);
    assert_eq!(hart.load(RAM), Ok(RAM));
    assert_eq!(hart.load(VA), Ok(VA));
}

#[test]
fn accessed_and_dirty_fault_or_are_set() {
    let mut hart = Hart::paged();
    hart.map(0, DATA, R | W);
    assert_eq!(hart.load(VA), PAGE);
    hart.context.adue = true;
    assert!(hart.load(VA).is_ok());
    assert_eq!(hart.peek(LEAVES), pte(DATA, R | W | A));
    assert!(hart.store(VA).is_ok());
    assert_eq!(hart.peek(LEAVES), pte(DATA, R | W | A | D));
}

#[test]
fn memory_types_need_pbmte() {
    let mut hart = Hart::paged();
    hart.map(0, DATA, R | A | NC);
    assert!(hart.load(VA).is_ok());
    hart.context.pbmte = false;
    hart.tlb.flush_all();
    assert_eq!(hart.load(VA), PAGE);
}

#[test]
fn page_tables_are_read_through_protection() {
    let mut hart = Hart::paged();
    hart.map(0, DATA, R | W | A | D);
    hart.map(1, DATA, R | W);
    hart.context.adue = true;
    // The leaf table is read-only.
    hart.protect_page(LEAVES, 0x19);
    assert!(hart.load(VA).is_ok());
    assert_eq!(hart.load(VA + 0x1000), ACCESS, "A cannot be set");
    hart.protect_page(LEAVES, 0x1c);
    assert_eq!(hart.load(VA), ACCESS);
    assert_eq!(hart.store(VA), ACCESS);
    assert_eq!(hart.translate(VA, Execute), ACCESS);
    hart.poke(MIDDLE + 8 * (VA >> 21), pte(0x1000, 0));
    assert_eq!(hart.load(VA), ACCESS, "a table outside memory");
}

#[test]
fn protection_applies_after_translation() {
    let mut hart = Hart::paged();
    hart.map(0, DATA, R | W | A | D);
    hart.protect_page(DATA, 0x19);
    assert!(hart.load(VA).is_ok());
    assert_eq!(hart.store(VA), ACCESS);
}

#[test]
fn address_spaces_keep_their_translations() {
    let mut hart = Hart::paged();
    hart.map(0, DATA, R | A);
    hart.load(VA).unwrap();
    hart.poke(LEAVES, 0);
    hart.context.satp = satp(2);
    assert_eq!(hart.load(VA), PAGE, "another ASID");
    hart.context.satp = satp(1);
    assert!(hart.load(VA).is_ok(), "still there after two switches");
    hart.context.satp = Satp(0);
    assert_eq!(hart.load(VA), Ok(VA), "off at once");
}

#[test]
fn looking_for_an_address_needs_no_permission_and_changes_nothing() {
    let mut hart = Hart::paged();
    // Neither of them was accessed, and nobody may read the first.
    hart.map(0, DATA, U | X);
    hart.map(1, DATA + 0x1000, R | W);
    hart.protect_page(DATA, 0x18);
    for (privilege, found) in [
        (Supervisor, [Some(DATA + 5), Some(DATA + 0x1005), None]),
        (User, [Some(DATA + 5), Some(DATA + 0x1005), None]),
        (Machine, [0, 0x1000, 0x2000].map(|at| Some(VA + at + 5))),
    ] {
        hart.enter(privilege);
        let mmu = Mmu {
            context: hart.context,
            pmp: &hart.pmp,
            ram: &hart.ram,
        };
        let at = [0, 0x1000, 0x2000].map(|at| mmu.find_address(GuestVirtAddr(VA + at + 5)));
        assert_eq!(at, found.map(|addr| addr.map(GuestPhysAddr)));
    }
    assert_eq!(hart.peek(LEAVES), pte(DATA, U | X));
    assert_eq!(hart.peek(LEAVES + 8), pte(DATA + 0x1000, R | W));
}
