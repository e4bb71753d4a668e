//! Paging: two levels of 1,024 entries of 32 bits, for virtual addresses below 2^32.
//!
//! An entry is a physical address of a table or page, and [`flags`] in its low bits.
//! What was not there is not cached: only to change or remove an entry needs a flush.

use vm_core::{AccessKind, AccessSize, GuestPhysAddr, GuestVirtAddr, PAGE_SHIFT};
use vm_engine::vcpu::Core;
use vm_mem::{
    Perms, Space, TlbEntry,
    tlb::{Flush, SpaceFilter},
};

use crate::{Sys, Toy, status};

/// Low bits of an entry. In the first level, all but `VALID` count with `LARGE` only.
pub mod flags {
    /// There is something.
    pub const VALID: u32 = 1;
    /// May be stored to.
    pub const WRITE: u32 = 2;
    /// May be executed.
    pub const EXECUTE: u32 = 4;
    /// User mode has it, too; it is all that user mode has. Nobody but user mode
    /// executes there.
    pub const USER: u32 = 8;
    /// The same in every address space.
    pub const GLOBAL: u32 = 16;
    /// A page of 4 MiB, in the first level.
    pub const LARGE: u32 = 32;
}

/// Translation regimes: physical addresses, and paging.
const PHYSICAL: u8 = 0;
const PAGED: u8 = 1;

const LARGE_SHIFT: u32 = 22;

impl Toy {
    /// Brings up to date what the vCPU caches of the system registers.
    pub(crate) fn update(&self, core: &mut Core) {
        core.data_space = self.space();
        core.fetch_space = self.space();
        let user = self.has(status::USER);
        core.accept =
            [AccessKind::Read, AccessKind::Write, AccessKind::Execute].map(|kind| {
                match (user, kind) {
                    (true, _) => Perms::user(kind),
                    (false, AccessKind::Execute) => Perms::supervisor(kind),
                    (false, _) => Perms::user(kind).or(Perms::supervisor(kind)),
                }
            });
    }

    fn space(&self) -> Space {
        if self.has(status::PAGING) {
            Space::new(PAGED, 0, u16::from(self.sys(Sys::Root) as u8))
        } else {
            Space::new(PHYSICAL, 0, 0)
        }
    }
}

/// What a flush of the page at an address is about; of all pages for -1.
pub(crate) fn page_or_all(va: u64) -> Flush {
    Flush {
        page: (va != u64::MAX).then_some(GuestVirtAddr(va)),
        filter: SpaceFilter::ALL,
    }
}

/// The translation of the page of `va`, if there is one that grants `kind`.
pub(crate) fn walk(toy: &Toy, core: &Core, va: u64, kind: AccessKind) -> Option<TlbEntry> {
    let mut entry = TlbEntry {
        vpn: va >> PAGE_SHIFT,
        space: toy.space(),
        ppn: va >> PAGE_SHIFT,
        host: 0,
        host_write: 0,
        page_shift: PAGE_SHIFT as u8,
        global: false,
        perms: Perms::ALL,
    };
    if !toy.has(status::PAGING) {
        return Some(entry);
    }
    let load = |table: u64, index: u64| {
        let at = GuestPhysAddr(table & !0xfff | index << 2);
        let found = core.machine.ram.load(at, AccessSize::Word)? as u32;
        (found & flags::VALID != 0).then_some(found)
    };
    let (first, second) = (va >> LARGE_SHIFT, va >> PAGE_SHIFT & 0x3ff);
    let upper = load(toy.sys(Sys::Root), (first < 1024).then_some(first)?)?;
    let leaf = if upper & flags::LARGE != 0 {
        entry.page_shift = LARGE_SHIFT as u8;
        entry.ppn = u64::from(upper >> PAGE_SHIFT) & !0x3ff | second;
        upper
    } else {
        let leaf = load(upper.into(), second)?;
        entry.ppn = (leaf >> PAGE_SHIFT).into();
        leaf
    };
    let has = |flag| leaf & flag != 0;
    let granted = Perms::rwx(true, has(flags::WRITE), has(flags::EXECUTE));
    entry.global = has(flags::GLOBAL);
    entry.perms = granted.and(if has(flags::USER) {
        Perms::USER
    } else {
        Perms::SUPERVISOR
    });
    let accept = core.accept[kind as usize];
    entry.perms.intersects(accept).then_some(entry)
}
