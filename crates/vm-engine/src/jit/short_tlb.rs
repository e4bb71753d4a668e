//! The short TLB that generated code looks addresses up in.
//!
//! There is one pair of tables for each combination of address space and
//! rights that the guest has used lately, so that system calls and context
//! switches find theirs as they left it. Tables without translations of one
//! address space alone (those of a kernel) serve all of them.

use std::mem::offset_of;

use vm_core::PAGE_SHIFT;
use vm_cross_arch::host::{Backend, Native, contract::ShortTlb};
use vm_mem::tlb::{Perms, Space, TlbEntry};

use super::exposed::Exposed;
use crate::pages::{PageRange, PageSet};

const PAGE_MASK: u64 = !0xfff;
const SETS: usize = 16;

#[derive(Debug, Clone, Copy)]
#[repr(C)]
struct Entry {
    tag: u64,
    addend: u64,
}

const UNUSED: Entry = Entry {
    tag: ShortTlb::UNUSED,
    addend: 0,
};

/// The tables of one address space, as generated code sees them.
#[derive(Debug)]
#[repr(C, align(64))]
struct Tables {
    inline_caches: [InlineCache; ShortTlb::INLINE_CACHES],
    read: [Entry; ShortTlb::ENTRIES],
    write: [Entry; ShortTlb::ENTRIES],
}

/// The entries of a place in the code, or of several. Generated code copies
/// them from the tables.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
struct InlineCache {
    read: Entry,
    write: Entry,
}

const _: () = assert!(
    offset_of!(Tables, read) == ShortTlb::READ as usize
        && offset_of!(Tables, write) == ShortTlb::WRITE as usize
        && size_of::<InlineCache>() == ShortTlb::inline_cache(1, false) as usize
);

impl Tables {
    const EMPTY: Self = Self {
        inline_caches: [InlineCache {
            read: UNUSED,
            write: UNUSED,
        }; ShortTlb::INLINE_CACHES],
        read: [UNUSED; ShortTlb::ENTRIES],
        write: [UNUSED; ShortTlb::ENTRIES],
    };

    /// Forgets the page with number `page`.
    fn flush_page(&mut self, page: u64) {
        let index = page as usize % ShortTlb::ENTRIES;
        self.read[index] = UNUSED;
        self.write[index] = UNUSED;
        let tag = page << PAGE_SHIFT;
        for inline_cache in &mut self.inline_caches {
            for entry in [&mut inline_cache.read, &mut inline_cache.write] {
                if entry.tag == tag {
                    *entry = UNUSED;
                }
            }
        }
    }

    /// The numbers of the pages that it holds.
    fn pages(&self) -> impl Iterator<Item = u64> {
        let inline_caches = self
            .inline_caches
            .iter()
            .flat_map(|inline_cache| [&inline_cache.read, &inline_cache.write]);
        let entries = self.read.iter().chain(&self.write).chain(inline_caches);
        let used = entries.filter(|entry| entry.tag != ShortTlb::UNUSED);
        used.map(|entry| entry.tag >> PAGE_SHIFT)
    }

    /// Forgets what lets stores reach the page at host address `host`.
    fn forbid_writes(&mut self, host: usize) {
        let inline_caches = self
            .inline_caches
            .iter_mut()
            .map(|inline_cache| &mut inline_cache.write);
        for entry in self.write.iter_mut().chain(inline_caches) {
            if entry.tag.wrapping_add(entry.addend) == host as u64 {
                *entry = UNUSED;
            }
        }
    }
}

/// What an access must have in common with those that filled a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct View {
    space: Space,
    accept: [Perms; 2],
}

impl View {
    /// Loads and stores in `space` with the rights `read` and `write`.
    pub(crate) fn new(space: Space, read: Perms, write: Perms) -> Self {
        Self {
            space,
            accept: [read, write],
        }
    }

    fn any_asid(self) -> Self {
        let space = Space::new(self.space.regime(), self.space.vmid(), 0);
        Self { space, ..self }
    }
}

#[derive(Debug)]
struct Set {
    /// Its address space is 0.
    view: View,
    /// The address space of its translations that are not global, if any.
    asid: Option<u16>,
    /// It holds something.
    used: bool,
    /// The pages that it holds: most pages are flushed when they are mapped, before
    /// anybody has used them.
    pages: PageSet,
    /// Covers every superpage of which it holds a part.
    wide: PageRange,
    last_use: u64,
    /// Generated code copies from a table to an inline cache.
    tables: Exposed<Tables>,
}

impl Set {
    fn new(view: View) -> Self {
        Self {
            view,
            asid: None,
            used: false,
            pages: PageSet::default(),
            wide: PageRange::NONE,
            last_use: 0,
            tables: Exposed::new(Box::new(Tables::EMPTY)),
        }
    }

    fn clear(&mut self) {
        if self.used {
            *self.tables = Tables::EMPTY;
            self.pages.clear();
        }
        (self.used, self.asid, self.wide) = (false, None, PageRange::NONE);
    }

    fn flush_page(&mut self, page: u64) {
        if self.wide.contains(page) {
            return self.clear();
        }
        if self.pages.remove(page) {
            self.tables.flush_page(page);
        }
    }

    fn note_page(&mut self, page: u64) {
        if self.pages.is_stale() {
            self.pages = PageSet::filled(self.tables.pages());
        }
        self.pages.insert(page);
    }
}

/// The short TLBs of one vCPU.
#[derive(Debug, Default)]
pub struct ShortTlbs {
    sets: Vec<Set>,
    current: usize,
    clock: u64,
}

impl ShortTlbs {
    /// Switches to the tables for `view`; returns what generated code has in
    /// its register.
    pub(crate) fn select(&mut self, view: View) -> usize {
        self.clock += 1;
        let (any, asid) = (view.any_asid(), view.space.asid());
        let fits = |set: &Set| set.view == any && set.asid.is_none_or(|own| own == asid);
        let current = self.sets.get(self.current).is_some_and(fits);
        if !current {
            self.current = match self.sets.iter().position(fits) {
                Some(found) => found,
                None => self.add(any),
            };
        }
        let set = &mut self.sets[self.current];
        set.last_use = self.clock;
        set.tables.address() + Native::TLB_BIAS as usize
    }

    /// Empty tables for `view`: new ones, or those that were not used longest.
    fn add(&mut self, view: View) -> usize {
        if self.sets.len() < SETS {
            self.sets.push(Set::new(view));
            return self.sets.len() - 1;
        }
        let oldest = (0..SETS).min_by_key(|&number| self.sets[number].last_use);
        let number = oldest.unwrap_or(0);
        self.sets[number].clear();
        self.sets[number].view = view;
        number
    }

    /// Adds the translation of the page of `va`, in address space `asid`, for
    /// loads or for stores, to the tables in use.
    pub(crate) fn insert(&mut self, va: u64, asid: u16, entry: &TlbEntry, write: bool) {
        let host = if write { entry.host_write } else { entry.host };
        let Some(set) = self.sets.get_mut(self.current).filter(|_| host != 0) else {
            return;
        };
        if !entry.global {
            set.asid = Some(asid);
        }
        let span = entry.page_span();
        if span.0 != span.1 {
            set.wide.cover(span);
        }
        set.used = true;
        set.note_page(va >> PAGE_SHIFT);
        let table = if write {
            &mut set.tables.write
        } else {
            &mut set.tables.read
        };
        table[(va >> PAGE_SHIFT) as usize % ShortTlb::ENTRIES] = Entry {
            tag: va & PAGE_MASK,
            addend: (host as u64).wrapping_sub(va & PAGE_MASK),
        };
    }

    /// Drops the translations of the page of `va`, or all; of address space
    /// `asid` (and perhaps more), or of all.
    pub fn flush(&mut self, va: Option<u64>, asid: Option<u16>) {
        for set in &mut self.sets {
            // Without translations of its own, it has none of `asid` but global ones.
            if asid.is_some() && set.asid != asid {
                continue;
            }
            match va {
                Some(va) => set.flush_page(va >> PAGE_SHIFT),
                None => set.clear(),
            }
        }
    }

    /// Drops what lets stores reach the page at host address `host` directly.
    pub(crate) fn forbid_direct_writes(&mut self, host: usize) {
        for set in self.sets.iter_mut().filter(|set| set.used) {
            set.tables.forbid_writes(host);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RIGHTS: [Perms; 2] = [Perms::USER_READ, Perms::USER_WRITE];
    const HOST: usize = 0x7000_0000;

    fn view(asid: u16) -> View {
        View::new(Space::new(1, 0, asid), RIGHTS[0], RIGHTS[1])
    }

    fn entry(va: u64, global: bool) -> TlbEntry {
        let vpn = va >> PAGE_SHIFT;
        TlbEntry {
            vpn,
            space: Space::new(1, 0, 1),
            ppn: vpn,
            host: HOST + va as usize,
            host_write: HOST + va as usize,
            page_shift: PAGE_SHIFT as u8,
            global,
            perms: Perms::USER_READ,
        }
    }

    fn insert(tlbs: &mut ShortTlbs, va: u64, write: bool) {
        tlbs.insert(va, 1, &entry(va, false), write);
    }

    /// What generated code does after it has found `va` in the table.
    fn copy_to_site(tlbs: &mut ShortTlbs, va: u64, number: usize) {
        let tables = &mut *tlbs.sets[tlbs.current].tables;
        let found = tables.read[(va >> PAGE_SHIFT) as usize % ShortTlb::ENTRIES];
        assert_eq!(found.tag, va);
        tables.inline_caches[number].read = found;
    }

    fn holds(tlbs: &ShortTlbs, va: u64) -> bool {
        let mut pages = tlbs.sets[tlbs.current].tables.pages();
        pages.any(|page| page == va >> PAGE_SHIFT)
    }

    fn selected() -> ShortTlbs {
        let mut tlbs = ShortTlbs::default();
        tlbs.select(view(1));
        tlbs
    }

    #[test]
    fn a_page_leaves_tables_and_sites() {
        let mut tlbs = selected();
        for va in [0x5000, 0x6000] {
            insert(&mut tlbs, va, false);
            insert(&mut tlbs, va, true);
            copy_to_site(&mut tlbs, va, va as usize >> 12);
        }
        tlbs.flush(Some(0x5000), Some(1));
        assert!(!holds(&tlbs, 0x5000) && holds(&tlbs, 0x6000));
    }

    #[test]
    fn a_page_that_only_a_site_still_holds_leaves_it() {
        let mut tlbs = selected();
        insert(&mut tlbs, 0x5000, false);
        copy_to_site(&mut tlbs, 0x5000, 3);
        // Pages that share its entry, and enough for the set of pages to be filled anew.
        for round in 1..20_000 {
            insert(
                &mut tlbs,
                0x5000 + (round * ShortTlb::ENTRIES as u64) * 0x1000,
                false,
            );
        }
        assert!(holds(&tlbs, 0x5000));
        tlbs.flush(Some(0x5000), None);
        assert!(!holds(&tlbs, 0x5000));
    }

    #[test]
    fn a_page_comes_back_and_leaves_again() {
        let mut tlbs = selected();
        for _ in 0..3 {
            insert(&mut tlbs, 0x5000, true);
            assert!(holds(&tlbs, 0x5000));
            tlbs.flush(Some(0x5000), None);
            assert!(!holds(&tlbs, 0x5000));
        }
    }

    #[test]
    fn a_flush_of_a_part_of_a_superpage_empties_the_tables() {
        let mut tlbs = selected();
        let wide = TlbEntry {
            page_shift: 21,
            ..entry(0x40_5000, false)
        };
        tlbs.insert(0x40_5000, 1, &wide, false);
        insert(&mut tlbs, 0x9000, false);
        tlbs.flush(Some(0x9000 + 0x1000), None);
        assert!(holds(&tlbs, 0x40_5000) && holds(&tlbs, 0x9000));
        tlbs.flush(Some(0x47_0000), None);
        assert!(!holds(&tlbs, 0x40_5000) && !holds(&tlbs, 0x9000));
    }

    #[test]
    fn a_flush_of_one_address_space_leaves_others_and_global_pages() {
        let mut tlbs = selected();
        insert(&mut tlbs, 0x5000, false);
        tlbs.select(view(2));
        tlbs.insert(0x6000, 2, &entry(0x6000, false), false);
        tlbs.flush(None, Some(1));
        assert!(holds(&tlbs, 0x6000));
        tlbs.select(view(1));
        assert!(!holds(&tlbs, 0x5000));
        let mut tlbs = selected();
        tlbs.insert(0x7000, 1, &entry(0x7000, true), false);
        tlbs.flush(None, Some(1));
        assert!(holds(&tlbs, 0x7000));
    }

    #[test]
    fn stores_are_forbidden_in_tables_and_sites_and_loads_are_not() {
        let mut tlbs = selected();
        insert(&mut tlbs, 0x5000, false);
        insert(&mut tlbs, 0x5000, true);
        let tables = &mut *tlbs.sets[tlbs.current].tables;
        tables.inline_caches[1].write = tables.write[5];
        tlbs.forbid_direct_writes(HOST + 0x5000);
        let tables = &*tlbs.sets[tlbs.current].tables;
        assert_eq!(tables.write[5].tag, ShortTlb::UNUSED);
        assert_eq!(tables.inline_caches[1].write.tag, ShortTlb::UNUSED);
        assert_eq!(tables.read[5].tag, 0x5000);
    }
}
