//! The short TLB that generated code looks addresses up in.
//!
//! There is one pair of tables for each combination of address space and
//! rights that the guest has used lately, so that system calls and context
//! switches find theirs as they left it. Tables without translations of one
//! address space alone (those of a kernel) serve all of them.

use std::mem::offset_of;

use vm_core::PAGE_SHIFT;
use vm_cross_arch::host::{contract::ShortTlb, x86_64::TLB_BIAS};
use vm_mem::tlb::{Perms, Space, TlbEntry};

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
    sites: [Site; ShortTlb::SITES],
    read: [Entry; ShortTlb::ENTRIES],
    write: [Entry; ShortTlb::ENTRIES],
}

/// The entries of a place in the code, or of several. Generated code copies
/// them from the tables.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
struct Site {
    read: Entry,
    write: Entry,
}

const _: () = assert!(
    offset_of!(Tables, read) == ShortTlb::READ as usize
        && offset_of!(Tables, write) == ShortTlb::WRITE as usize
        && size_of::<Site>() == ShortTlb::site(1, false) as usize
);

impl Tables {
    const EMPTY: Self = Self {
        sites: [Site {
            read: UNUSED,
            write: UNUSED,
        }; ShortTlb::SITES],
        read: [UNUSED; ShortTlb::ENTRIES],
        write: [UNUSED; ShortTlb::ENTRIES],
    };

    /// Forgets the page with number `page`.
    fn flush_page(&mut self, page: u64) {
        let index = page as usize % ShortTlb::ENTRIES;
        self.read[index] = UNUSED;
        self.write[index] = UNUSED;
        let tag = page << PAGE_SHIFT;
        for site in &mut self.sites {
            for entry in [&mut site.read, &mut site.write] {
                if entry.tag == tag {
                    *entry = UNUSED;
                }
            }
        }
    }

    /// Forgets what lets stores reach the page at host address `host`.
    fn forbid_writes(&mut self, host: usize) {
        let sites = self.sites.iter_mut().map(|site| &mut site.write);
        for entry in self.write.iter_mut().chain(sites) {
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
    /// A range of pages that covers every superpage of which it holds a part.
    wide: (u64, u64),
    last_use: u64,
    tables: Box<Tables>,
}

const NO_PAGES: (u64, u64) = (u64::MAX, 0);

impl Set {
    fn new(view: View) -> Self {
        Self {
            view,
            asid: None,
            used: false,
            wide: NO_PAGES,
            last_use: 0,
            tables: Box::new(Tables::EMPTY),
        }
    }

    fn clear(&mut self) {
        if self.used {
            *self.tables = Tables::EMPTY;
        }
        (self.used, self.asid, self.wide) = (false, None, NO_PAGES);
    }

    fn flush_page(&mut self, page: u64) {
        if self.wide.0 <= page && page <= self.wide.1 {
            return self.clear();
        }
        self.tables.flush_page(page);
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
        std::ptr::from_ref(&*set.tables) as usize + TLB_BIAS as usize
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
            set.wide = (set.wide.0.min(span.0), set.wide.1.max(span.1));
        }
        set.used = true;
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
