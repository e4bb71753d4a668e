//! The tables that indirect jumps of generated code look their targets up in,
//! and the numbers of mappings that guard links between pages.

use rustc_hash::FxHashMap;
use vm_cross_arch::{guest::GuestShape, host::contract::JumpTable};
use vm_mem::tlb::Space;

use super::exposed::Exposed;
use crate::{
    cache::{JumpFlush, JumpKey, Mapping},
    pages::PageRange,
};

const SETS: usize = 16;
/// More mapping contexts than this and all are forgotten.
const MAX_CONTEXTS: usize = 1 << 16;
/// The last number that a mapping context can have, but for the bit that says that it is global.
const LAST_NUMBER: u32 = u32::MAX - 1;

/// Where generated code runs: see [`StateLayout`](vm_cross_arch::host::contract::StateLayout).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct MappingContext {
    /// Virtual address minus code position.
    pub(crate) bias: u64,
    /// Number of the mapping.
    pub(crate) number: u32,
    unused: u32,
}

/// A block as an indirect jump reaches it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
struct Entry {
    va: u64,
    host: usize,
    context: MappingContext,
}

const _: () = assert!(size_of::<Entry>() == 1 << JumpTable::ENTRY_SHIFT);

impl Entry {
    /// An unused entry: whoever goes by it gets to `nowhere`, the stub that asks the engine.
    fn unused(nowhere: usize) -> Self {
        Self {
            va: JumpTable::UNUSED,
            host: nowhere,
            context: MappingContext::default(),
        }
    }

    fn is_unused(&self) -> bool {
        self.va == JumpTable::UNUSED
    }
}

/// In place of a set's number: global mappings.
const GLOBAL: u8 = u8::MAX;
/// Emptying a table one entry at a time is worth it for so many: processes that end
/// soon fill little of theirs.
const MAX_FILLED: usize = JumpTable::ENTRIES / 16;
const _: () = assert!(JumpTable::ENTRIES <= 1 << u16::BITS);
/// More pages than this and all are forgotten.
const MAX_PAGES: usize = 1 << 15;

/// Entries of a table, with the inline caches.
const ENTRIES: usize = JumpTable::ENTRIES + JumpTable::INLINE_CACHES;

#[derive(Debug)]
struct Set {
    /// Its address space is 0.
    key: JumpKey,
    /// The address space of its entries that are not global, if any.
    asid: Option<u16>,
    /// What tells its mappings that are not global from those before them.
    generation: u64,
    /// Covers every large page that its code is in.
    wide: PageRange,
    /// The entries in use, or more than [`MAX_FILLED`].
    filled: Vec<u16>,
    last_use: u64,
    unused: Entry,
    /// The table, and the inline caches, which generated code copies from it.
    table: Exposed<[Entry]>,
}

impl Set {
    fn new(key: JumpKey, generation: u64, unused: Entry) -> Self {
        Self {
            key,
            asid: None,
            generation,
            wide: PageRange::NONE,
            filled: Vec::new(),
            last_use: 0,
            unused,
            table: Exposed::new(vec![unused; ENTRIES].into_boxed_slice()),
        }
    }

    fn clear(&mut self, generation: u64) {
        self.empty();
        (self.asid, self.generation) = (None, generation);
        self.wide = PageRange::NONE;
    }

    fn is_used(&self) -> bool {
        !self.filled.is_empty()
    }

    fn put(&mut self, index: usize, entry: Entry) {
        if self.filled.len() <= MAX_FILLED && self.table[index].is_unused() {
            self.filled.push(index as u16);
        }
        self.table[index] = entry;
    }

    fn empty(&mut self) {
        if self.filled.len() > MAX_FILLED {
            self.table.fill(self.unused);
        } else if self.is_used() {
            for &index in &self.filled {
                self.table[usize::from(index)] = self.unused;
            }
            self.table[JumpTable::ENTRIES..].fill(self.unused);
        }
        self.filled.clear();
    }
}

/// The jump tables of one vCPU.
#[derive(Debug)]
pub(crate) struct Jumps {
    /// What instructions of the guest are aligned to, as a shift.
    align_shift: u32,
    unused: Entry,
    sets: Vec<Set>,
    current: usize,
    clock: u64,
    /// The last generation that was given out.
    generation: u64,
    /// The generation of global mappings.
    global: u64,
    /// Covers every large page with global code.
    wide: PageRange,
    /// The pages that code is in, for each set, with the generation in which
    /// that became known.
    pages: FxHashMap<(u64, u8), u64>,
    contexts: FxHashMap<(u64, u64), u32>,
    /// The last number that was given out; none is 0.
    last_number: u32,
}

fn any_asid(key: JumpKey) -> JumpKey {
    let space = Space::new(key.space.regime(), key.space.vmid(), 0);
    JumpKey { space, ..key }
}

impl Jumps {
    /// No tables yet; `nowhere` is the address of the stub for
    /// [`Runtime::Indirect`](vm_cross_arch::host::contract::Runtime::Indirect).
    pub(super) fn new(guest: &GuestShape, nowhere: usize) -> Self {
        Self {
            align_shift: guest.insn_align_shift,
            unused: Entry::unused(nowhere),
            sets: Vec::new(),
            current: 0,
            clock: 0,
            generation: 0,
            global: 0,
            wide: PageRange::NONE,
            pages: FxHashMap::default(),
            contexts: FxHashMap::default(),
            last_number: 0,
        }
    }

    fn index(&self, va: u64) -> usize {
        JumpTable::index(va, self.align_shift)
    }

    /// Switches to the table for `key`; returns its address.
    pub(crate) fn select(&mut self, key: JumpKey) -> usize {
        self.clock += 1;
        let (any, asid) = (any_asid(key), key.space.asid());
        let fits = |set: &Set| set.key == any && set.asid.is_none_or(|own| own == asid);
        if !self.sets.get(self.current).is_some_and(fits) {
            self.current = match self.sets.iter().position(fits) {
                Some(found) => found,
                None => self.add(any),
            };
        }
        let set = &mut self.sets[self.current];
        set.last_use = self.clock;
        set.table.address()
    }

    fn add(&mut self, key: JumpKey) -> usize {
        let generation = self.next_generation();
        if self.sets.len() < SETS {
            self.sets.push(Set::new(key, generation, self.unused));
            return self.sets.len() - 1;
        }
        let oldest = (0..SETS).min_by_key(|&number| self.sets[number].last_use);
        let number = oldest.unwrap_or(0);
        self.sets[number].clear(generation);
        self.sets[number].key = key;
        number
    }

    fn next_generation(&mut self) -> u64 {
        self.generation += 1;
        self.generation
    }

    /// Whether every number has been given to a mapping context. The next one that is given
    /// out may still stand in generated code, see [`renumber`](Self::renumber).
    pub(super) fn is_out_of_numbers(&self) -> bool {
        self.last_number == LAST_NUMBER
    }

    /// Begins anew with the numbers, after generated code was rid of all of them.
    pub(super) fn renumber(&mut self) {
        self.flush_all();
        self.contexts.clear();
        self.last_number = 0;
    }

    /// Leaves only so many numbers to be given out.
    #[cfg(test)]
    pub(crate) fn leave_numbers(&mut self, count: u32) {
        self.last_number = LAST_NUMBER - 2 * count;
    }

    /// The mapping context of code with `bias` in address space `asid`, mapped by `mapping`.
    /// There must be a number left for it.
    pub(super) fn mapping_context(
        &mut self,
        bias: u64,
        asid: u16,
        mapping: Mapping,
    ) -> MappingContext {
        if self.pages.len() > MAX_PAGES {
            self.flush_all();
        }
        let (generation, owner) = match self.sets.get_mut(self.current) {
            Some(set) if !mapping.global => {
                set.asid = Some(asid);
                (set.generation, self.current as u8)
            }
            _ => (self.global, GLOBAL),
        };
        self.note_pages(mapping, owner, generation);
        if self.contexts.len() > MAX_CONTEXTS {
            self.contexts.clear();
        }
        let last = &mut self.last_number;
        let number = *self.contexts.entry((generation, bias)).or_insert_with(|| {
            debug_assert_ne!(
                *last, LAST_NUMBER,
                "whoever asks for a mapping context renumbers"
            );
            *last = last.wrapping_add(2);
            *last | u32::from(mapping.global)
        });
        MappingContext {
            bias,
            number,
            unused: 0,
        }
    }

    fn note_pages(&mut self, mapping: Mapping, owner: u8, generation: u64) {
        if mapping.is_wide() {
            let wide = match self.sets.get_mut(usize::from(owner)) {
                Some(set) => &mut set.wide,
                None => &mut self.wide,
            };
            return wide.cover(mapping.pages);
        }
        let (first, last) = mapping.pages;
        self.pages.insert((first, owner), generation);
        self.pages.insert((last, owner), generation);
    }

    /// The block at `va`, if the table in use has it.
    pub(crate) fn get(&self, va: u64) -> Option<(usize, MappingContext)> {
        let set = self.sets.get(self.current)?;
        let entry = &set.table[self.index(va)];
        (entry.va == va && !entry.is_unused()).then_some((entry.host, entry.context))
    }

    /// Adds the block at `va` to the table in use.
    pub(crate) fn insert(&mut self, va: u64, host: usize, context: MappingContext) {
        let (index, entry) = (self.index(va), Entry { va, host, context });
        if let Some(set) = self.sets.get_mut(self.current)
            && !entry.is_unused()
        {
            set.put(index, entry);
        }
    }

    /// Forgets the block at `va`.
    pub(crate) fn remove(&mut self, va: u64) {
        let index = self.index(va);
        if let Some(set) = self.sets.get_mut(self.current) {
            let (table, inline_caches) = set.table.split_at_mut(JumpTable::ENTRIES);
            let entry = &mut table[index];
            for entry in inline_caches.iter_mut().chain([entry]) {
                if entry.va == va {
                    *entry = set.unused;
                }
            }
        }
    }

    /// Forgets the blocks whose code `is_gone`; mappings have not changed.
    pub(crate) fn forget_code(&mut self, is_gone: impl Fn(usize) -> bool) {
        for set in self.sets.iter_mut().filter(|set| set.is_used()) {
            for entry in set.table.iter_mut() {
                if is_gone(entry.host) {
                    *entry = set.unused;
                }
            }
        }
    }

    /// Forgets what `flush` says.
    pub(crate) fn flush(&mut self, flush: &JumpFlush) {
        if flush.is_all() {
            return self.flush_all();
        }
        if let Some(asid) = flush.non_global_of() {
            self.flush_local(asid);
        }
        for &(page, asid) in flush.pages() {
            self.flush_page(page, asid);
        }
    }

    /// Forgets what depends on mappings of one address space: of `asid`, or of any.
    fn flush_local(&mut self, asid: Option<u16>) {
        for number in 0..self.sets.len() {
            let own = self.sets[number].asid;
            if own.is_some() && (asid.is_none() || own == asid) {
                self.clear(number);
            }
        }
    }

    fn clear(&mut self, number: usize) {
        let generation = self.next_generation();
        self.sets[number].clear(generation);
    }

    /// Forgets what depends on the translation of a page: everything of the
    /// address spaces that have code there.
    fn flush_page(&mut self, page: u64, asid: Option<u16>) {
        let known = |pages: &FxHashMap<_, u64>, owner: u8, generation: u64| {
            pages.get(&(page, owner)) == Some(&generation)
        };
        if asid.is_none() && (self.wide.contains(page) || known(&self.pages, GLOBAL, self.global)) {
            return self.flush_all();
        }
        for number in 0..self.sets.len() {
            let set = &self.sets[number];
            let meant = set.asid.is_some() && (asid.is_none() || set.asid == asid);
            let here = set.wide.contains(page) || known(&self.pages, number as u8, set.generation);
            if meant && here {
                self.clear(number);
            }
        }
    }

    /// Forgets what depends on any mapping.
    pub(crate) fn flush_all(&mut self) {
        self.global = self.next_generation();
        self.wide = PageRange::NONE;
        self.pages.clear();
        (0..self.sets.len()).for_each(|number| self.clear(number));
    }
}

impl MappingContext {
    /// Whether it is that of a mapping that every address space has.
    pub(crate) const fn is_global(self) -> bool {
        self.number & 1 != 0
    }
}

#[cfg(test)]
mod tests {
    use vm_toy::regs::SHAPE;

    use super::*;

    const NOWHERE: usize = 0x100;

    const KEY: JumpKey = JumpKey {
        space: Space::new(1, 0, 5),
        context: 0,
    };

    /// A table with `count` blocks of address space 5, one of which a site has copied.
    fn filled(count: u64) -> Jumps {
        let mut jumps = Jumps::new(&SHAPE, NOWHERE);
        jumps.select(KEY);
        for va in (0..count).map(|n| 0x10000 + n) {
            let mapping = Mapping {
                global: false,
                pages: (va >> 12, va >> 12),
            };
            let context = jumps.mapping_context(0, 5, mapping);
            jumps.insert(va, 0x1000, context);
        }
        let table = &mut jumps.sets[0].table;
        table[JumpTable::ENTRIES] = table[JumpTable::index(0x10000, SHAPE.insn_align_shift)];
        jumps
    }

    #[test]
    fn nothing_of_an_address_space_stays_after_its_flush() {
        for count in [1, MAX_FILLED, MAX_FILLED + 1, 3 * MAX_FILLED] {
            let mut jumps = filled(count as u64);
            assert!(jumps.get(0x10000).is_some());
            let mut flush = JumpFlush::default();
            flush.non_global(6);
            jumps.flush(&flush);
            assert!(jumps.get(0x10000).is_some());
            flush.non_global(5);
            jumps.flush(&flush);
            let table = &jumps.sets[0].table;
            assert!(table.iter().all(|entry| *entry == Entry::unused(NOWHERE)));
        }
    }

    #[test]
    fn a_block_that_was_removed_does_not_stay_in_a_site() {
        let mut jumps = filled(2);
        jumps.remove(0x10000);
        assert!(jumps.get(0x10000).is_none() && jumps.get(0x10001).is_some());
        let inline_cache = jumps.sets[0].table[JumpTable::ENTRIES];
        assert_eq!(inline_cache, Entry::unused(NOWHERE));
    }

    #[test]
    fn the_address_of_unused_entries_is_never_known() {
        let mut jumps = filled(1);
        let (va, context) = (JumpTable::UNUSED, MappingContext::default());
        assert!(jumps.get(va).is_none());
        jumps.insert(va, 0x1000, context);
        assert!(jumps.get(va).is_none());
        let entry = &jumps.sets[0].table[JumpTable::index(va, SHAPE.insn_align_shift)];
        assert_eq!(*entry, Entry::unused(NOWHERE), "generated code gets there");
    }

    #[test]
    fn neighbours_have_entries_of_their_own_whatever_the_alignment() {
        for insn_align_shift in 0..=2 {
            let shape = GuestShape {
                insn_align_shift,
                ..SHAPE
            };
            let mut jumps = Jumps::new(&shape, NOWHERE);
            jumps.select(KEY);
            let code = |n: usize| 0x1_0000 + ((n as u64) << insn_align_shift);
            for n in 0..64 {
                jumps.insert(code(n), n, MappingContext::default());
            }
            for n in 0..64 {
                assert_eq!(jumps.get(code(n)).map(|(host, _)| host), Some(n));
            }
        }
    }
}
