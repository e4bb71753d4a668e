//! From virtual address to block, per vCPU.

use std::{marker::PhantomData, sync::Arc};

use vm_core::{PAGE_SHIFT, PAGE_SIZE};
use vm_cross_arch::guest::Isa;
use vm_mem::{TlbEntry, tlb::Space};

use super::{Code, JumpFlush};
use crate::pages::{PageRange, PageSet};

const ENTRIES: usize = 8192;

/// Everything but the address that decides which block a jump reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JumpKey {
    /// The address space of fetches.
    pub space: Space,
    /// The key of [`Guest::context`](crate::guest::Guest::context).
    pub context: u32,
}

impl JumpKey {
    /// The key of entries that were never filled.
    pub const NONE: Self = Self {
        space: Space::new(0, 0, 0),
        context: 0,
    };

    /// The key of entries for global mappings: the same in every address space.
    const fn any_asid(self) -> Self {
        let space = Space::new(self.space.regime(), self.space.vmid(), 0);
        Self {
            space,
            context: self.context,
        }
    }
}

/// How the code of a block is mapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mapping {
    /// Whether it is the same in every address space.
    pub global: bool,
    /// The first and the last virtual page whose translation it depends on.
    pub pages: (u64, u64),
}

impl Mapping {
    const NONE: Self = Self {
        global: false,
        pages: (0, 0),
    };

    /// Whether it is of a page larger than the smallest: one that need not be
    /// in the set of pages.
    pub(crate) const fn is_wide(&self) -> bool {
        self.pages.1.wrapping_sub(self.pages.0) > 1
    }

    /// Code within the page of one translation.
    pub fn of(entry: &TlbEntry) -> Self {
        Self {
            global: entry.global,
            pages: entry.page_span(),
        }
    }

    /// Code that runs from one page on into the next: depends on both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let first = self.pages.0.min(other.pages.0);
        let last = self.pages.1.max(other.pages.1);
        Self {
            global: self.global && other.global,
            pages: (first, last),
        }
    }
}

struct Entry {
    va: u64,
    key: JumpKey,
    /// The generation, of its kind of mapping, that it was made in.
    generation: u32,
    global: bool,
    mapping: Mapping,
    code: Option<Arc<Code>>,
}

/// A direct-mapped cache of where virtual addresses lead, for code of instruction set `I`.
pub struct JumpCache<I> {
    entries: Box<[Entry]>,
    /// Entries of older generations are invalid; one count for mappings of one
    /// address space, one for global ones.
    generations: [u32; 2],
    /// The pages with entries, but for large ones.
    pages: PageSet,
    /// Covers every mapping of more than two pages.
    wide: PageRange,
    isa: PhantomData<I>,
}

impl<I> Default for JumpCache<I> {
    fn default() -> Self {
        let empty = || Entry {
            va: 0,
            key: JumpKey::NONE,
            generation: 0,
            global: false,
            mapping: Mapping::NONE,
            code: None,
        };
        Self {
            entries: (0..ENTRIES).map(|_| empty()).collect(),
            generations: [1; 2],
            pages: PageSet::default(),
            wide: PageRange::NONE,
            isa: PhantomData,
        }
    }
}

impl<I: Isa> JumpCache<I> {
    /// log2 of what instructions are aligned to.
    const ALIGN_SHIFT: u32 = I::SHAPE.insn_align_shift;
    /// The farthest before a page that an instruction begins which ends in it, in units of
    /// the alignment.
    const MAX_BEFORE: u64 = (I::MAX_INSN_BYTES as u64 >> Self::ALIGN_SHIFT) - 1;

    #[inline(always)]
    fn index(va: u64) -> usize {
        // Mix in the page so that the same offsets in different pages do not
        // always collide.
        ((va >> Self::ALIGN_SHIFT) ^ (va >> PAGE_SHIFT)) as usize % ENTRIES
    }

    /// The block at `va`, if one is known that is not invalid.
    #[inline(always)]
    pub fn get(&self, va: u64, key: JumpKey) -> Option<&Code> {
        self.get_mapped(va, key).map(|(code, _)| &**code)
    }

    /// The same, and how it is mapped.
    #[inline(always)]
    pub fn get_mapped(&self, va: u64, key: JumpKey) -> Option<(&Arc<Code>, Mapping)> {
        let entry = &self.entries[Self::index(va)];
        let key = if entry.global { key.any_asid() } else { key };
        let current = self.generations[usize::from(entry.global)];
        if entry.va == va && entry.key == key && entry.generation == current {
            let code = entry.code.as_ref().filter(|code| !code.is_invalid());
            code.map(|code| (code, entry.mapping))
        } else {
            None
        }
    }

    /// Remembers the block at `va`, in place of whatever shares its entry.
    pub fn insert(&mut self, va: u64, key: JumpKey, mapping: Mapping, code: Arc<Code>) -> &Code {
        self.note_pages(mapping);
        let global = mapping.global;
        let key = if global { key.any_asid() } else { key };
        let generation = self.generations[usize::from(global)];
        let entry = &mut self.entries[Self::index(va)];
        *entry = Entry {
            va,
            key,
            generation,
            global,
            mapping,
            code: None,
        };
        entry.code.insert(code)
    }

    fn note_pages(&mut self, mapping: Mapping) {
        if mapping.is_wide() {
            return self.wide.cover(mapping.pages);
        }
        if self.pages.is_stale() {
            let current = |entry: &&Entry| {
                entry.generation == self.generations[usize::from(entry.global)]
                    && entry.code.is_some()
            };
            let entries = self.entries.iter().filter(current);
            let pages = entries.flat_map(|entry| <[u64; 2]>::from(entry.mapping.pages));
            self.pages = PageSet::filled(pages);
        }
        self.pages.insert(mapping.pages.0);
        self.pages.insert(mapping.pages.1);
    }

    /// Forgets what `flush` says.
    pub fn flush(&mut self, flush: &JumpFlush) {
        // Blocks are compared with memory when they are found in the shared cache.
        if flush.is_all() || flush.is_code() {
            return self.flush_all();
        }
        if flush.non_global_of().is_some() {
            self.advance(false);
        }
        for &(page, _) in flush.pages() {
            self.flush_page(page);
        }
    }

    fn flush_all(&mut self) {
        self.advance(false);
        self.advance(true);
        self.pages.clear();
        self.wide = PageRange::NONE;
    }

    /// Invalidates the entries of one kind of mapping.
    fn advance(&mut self, global: bool) {
        match self.generations[usize::from(global)].checked_add(1) {
            Some(next) => self.generations[usize::from(global)] = next,
            // Entries of generation 1 could come back to life.
            None => *self = Self::default(),
        }
    }

    fn flush_page(&mut self, page: u64) {
        let page = page & (u64::MAX >> PAGE_SHIFT);
        if self.wide.contains(page) {
            return self.flush_all();
        }
        if !self.pages.remove(page) {
            return;
        }
        // Instructions that begin in the page, or in the one before and end here.
        let start = (page << PAGE_SHIFT).wrapping_sub(Self::MAX_BEFORE << Self::ALIGN_SHIFT);
        for unit in 0..(PAGE_SIZE >> Self::ALIGN_SHIFT) + Self::MAX_BEFORE {
            self.forget(start.wrapping_add(unit << Self::ALIGN_SHIFT));
        }
    }

    fn forget(&mut self, va: u64) {
        let entry = &mut self.entries[Self::index(va)];
        if entry.va == va {
            entry.code = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use vm_core::GuestPhysAddr;

    use super::*;
    use crate::{cache::Origin, interp::Program};
    use vm_toy::ToyIsa;

    type JumpCache = super::JumpCache<ToyIsa>;

    const KEY: JumpKey = JumpKey {
        space: Space::new(1, 0, 5),
        context: 0,
    };
    const ORIGIN: Origin = Origin::Shared {
        addr: GuestPhysAddr(0),
        context: 0,
    };
    const OTHER: JumpKey = JumpKey {
        space: Space::new(1, 0, 6),
        context: 0,
    };

    fn cache(entries: &[(u64, Mapping)]) -> JumpCache {
        let mut cache = JumpCache::default();
        for &(va, mapping) in entries {
            let code = Code::new(Program::empty(), Box::new([]), 0, ORIGIN);
            cache.insert(va, KEY, mapping, Arc::new(code));
        }
        cache
    }

    fn page(va: u64, global: bool) -> Mapping {
        Mapping {
            global,
            pages: (va >> 12, va >> 12),
        }
    }

    fn flushed(mut cache: JumpCache, order: impl FnOnce(&mut JumpFlush)) -> JumpCache {
        let mut flush = JumpFlush::default();
        order(&mut flush);
        cache.flush(&flush);
        cache
    }

    #[test]
    fn hits_need_address_key_and_generation() {
        let cache = cache(&[(0x1000, page(0x1000, false))]);
        assert!(
            cache.get(0, JumpKey::NONE).is_none(),
            "an empty entry is no hit"
        );
        assert!(cache.get(0x1000, KEY).is_some());
        assert!(cache.get(0x1000, OTHER).is_none());
        assert!(cache.get(0x1000, JumpKey { context: 1, ..KEY }).is_none());
        assert!(cache.get(0x1001, KEY).is_none());
        assert!(flushed(cache, JumpFlush::all).get(0x1000, KEY).is_none());
    }

    #[test]
    fn global_mappings_are_in_every_address_space() {
        let entries = [(0x1000, page(0x1000, true)), (0x2000, page(0x2000, false))];
        let cache = cache(&entries);
        assert!(cache.get(0x1000, OTHER).is_some());
        let cache = flushed(cache, |flush| flush.non_global(5));
        assert!(cache.get(0x1000, KEY).is_some() && cache.get(0x2000, KEY).is_none());
    }

    #[test]
    fn a_page_is_flushed_with_all_its_entries_and_no_other() {
        let entries = [0x1000, 0x1fff, 0x2000, 0xffff_ffff_8000_1000];
        let cache = cache(&entries.map(|va| (va, page(va, false))));
        let cache = flushed(cache, |flush| flush.page(0x1234, None));
        let left = entries.map(|va| cache.get(va, KEY).is_some());
        assert_eq!(left, [false, false, true, true]);
        let cache = flushed(cache, |flush| flush.page(0xffff_ffff_8000_1fff, None));
        assert!(cache.get(entries[3], KEY).is_none() && cache.get(0x2000, KEY).is_some());
    }

    #[test]
    fn a_superpage_is_flushed_by_any_address_in_it() {
        let mapping = Mapping {
            global: true,
            pages: (0x200, 0x3ff),
        };
        let cache = flushed(cache(&[(0x20_0000, mapping)]), |flush| {
            flush.page(0x3f_f000, None)
        });
        assert!(cache.get(0x20_0000, KEY).is_none());
    }

    #[test]
    fn code_in_two_pages_depends_on_both() {
        let mapping = page(0x1000, true).and(page(0x2000, false));
        assert_eq!(
            mapping,
            Mapping {
                global: false,
                pages: (1, 2)
            }
        );
        // The first and the last byte at which an instruction in both begins.
        let entries = [(0x1ff7, mapping), (0x1fff, mapping)];
        let cache = flushed(cache(&entries), |flush| flush.page(0x2000, None));
        assert!(entries.iter().all(|&(va, _)| cache.get(va, KEY).is_none()));
    }

    #[test]
    fn a_invalid_block_is_no_hit() {
        let code = Arc::new(Code::new(Program::empty(), Box::new([]), 0, ORIGIN));
        let mut cache = cache(&[]);
        cache.insert(0x1000, KEY, page(0x1000, false), Arc::clone(&code));
        assert!(cache.get(0x1000, KEY).is_some());
        code.invalidate();
        assert!(cache.get(0x1000, KEY).is_none());
    }

    #[test]
    fn old_entries_stay_invalid_when_a_generation_wraps() {
        let mut cache = cache(&[(0x1000, page(0x1000, false))]);
        cache.generations = [u32::MAX; 2];
        let cache = flushed(cache, JumpFlush::all);
        assert!(cache.get(0x1000, KEY).is_none());
    }
}
