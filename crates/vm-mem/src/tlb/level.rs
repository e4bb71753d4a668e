//! One set-associative level.

use vm_core::PAGE_SHIFT;

use super::{Perms, ReplacementPolicy, Space, SpaceFilter, TlbEntry};

/// A store of translations that may forget any of them at any time.
///
/// No lookup ever matches two entries: an insertion drops those that a lookup
/// could confuse with the new one. Virtual page numbers are below 2^52.
pub trait Level {
    /// The entry for page `vpn` in `space` that grants any of `accept`.
    fn lookup(&mut self, vpn: u64, space: Space, accept: Perms) -> Option<&TlbEntry>;

    /// Adds `entry` in place of entries for the same page and space.
    fn insert(&mut self, entry: &TlbEntry);

    /// Drops the entries that `filter` covers.
    fn flush(&mut self, filter: SpaceFilter);

    /// Drops the entries that `filter` covers and whose page, of whatever size,
    /// contains the 4 KiB page `vpn`.
    fn flush_page(&mut self, vpn: u64, filter: SpaceFilter);

    /// Drops the entries that `keep` rejects.
    fn retain<F: FnMut(&TlbEntry) -> bool>(&mut self, keep: F);

    /// Makes stores to physical page `ppn` take the slow path.
    fn forbid_direct_writes(&mut self, ppn: u64);
}

/// A level of `CAPACITY` entries in sets of `WAYS`.
///
/// Both are powers of two, checked at compile time:
///
/// ```
/// use vm_mem::tlb::{Lru, TlbLevel};
/// let level = TlbLevel::<64, 4, Lru>::new();
/// ```
///
/// ```compile_fail
/// use vm_mem::tlb::{Lru, TlbLevel};
/// let level = TlbLevel::<48, 4, Lru>::new();
/// ```
#[derive(Debug, Clone)]
pub struct TlbLevel<const CAPACITY: usize, const WAYS: usize, P: ReplacementPolicy> {
    sets: Box<[Set<WAYS, P::State>]>,
    fragments: PageRange,
}

/// The keys come first: they are all that a lookup reads of the ways that do not match.
#[derive(Debug, Clone)]
#[repr(C, align(64))]
struct Set<const WAYS: usize, S> {
    /// `key` of the entry of each way, [`UNUSED`] where there is none.
    keys: [u64; WAYS],
    policy: S,
    entries: [TlbEntry; WAYS],
}

const UNUSED: u64 = 0;

/// A page number as it is kept in a set; never [`UNUSED`].
#[inline]
const fn key(vpn: u64) -> u64 {
    vpn << PAGE_SHIFT | 1
}

/// A range of virtual page numbers that contains every superpage of which a
/// fragment was inserted since the last complete flush.
#[derive(Debug, Clone, Copy)]
struct PageRange {
    first: u64,
    last: u64,
}

impl PageRange {
    const EMPTY: Self = Self {
        first: u64::MAX,
        last: 0,
    };

    fn contains(&self, vpn: u64) -> bool {
        self.first <= vpn && vpn <= self.last
    }

    fn extend(&mut self, (first, last): (u64, u64)) {
        self.first = self.first.min(first);
        self.last = self.last.max(last);
    }
}

impl<const CAPACITY: usize, const WAYS: usize, P: ReplacementPolicy> TlbLevel<CAPACITY, WAYS, P> {
    const SETS: usize = {
        assert!(
            CAPACITY.is_power_of_two(),
            "CAPACITY must be a power of two"
        );
        assert!(WAYS.is_power_of_two(), "WAYS must be a power of two");
        assert!(WAYS <= CAPACITY, "WAYS must not exceed CAPACITY");
        assert!(
            WAYS <= P::MAX_WAYS,
            "the policy does not support so many WAYS"
        );
        CAPACITY / WAYS
    };

    /// An empty level.
    pub fn new() -> Self {
        let empty = Set {
            keys: [UNUSED; WAYS],
            policy: P::State::default(),
            entries: [TlbEntry::EMPTY; WAYS],
        };
        Self {
            sets: vec![empty; Self::SETS].into_boxed_slice(),
            fragments: PageRange::EMPTY,
        }
    }

    #[inline]
    const fn set_index(vpn: u64) -> usize {
        vpn as usize & (Self::SETS - 1)
    }

    fn for_each(&mut self, mut visit: impl FnMut(&mut u64, &mut TlbEntry)) {
        for set in &mut self.sets {
            for (key, entry) in set.keys.iter_mut().zip(&mut set.entries) {
                if *key != UNUSED {
                    visit(key, entry);
                }
            }
        }
    }

    fn flush_everything(&mut self) {
        for set in &mut self.sets {
            set.keys = [UNUSED; WAYS];
        }
        self.fragments = PageRange::EMPTY;
    }

    /// Drops fragments of superpages around `vpn`; they may be in any set.
    fn flush_fragments(&mut self, vpn: u64, filter: SpaceFilter) {
        let mut left = PageRange::EMPTY;
        self.for_each(|key, entry| {
            if !entry.is_fragment() {
                return;
            }
            let (first, last) = entry.page_span();
            if first <= vpn && vpn <= last && filter.covers(entry.space, entry.global) {
                *key = UNUSED;
            } else {
                left.extend((first, last));
            }
        });
        self.fragments = left;
    }
}

impl<const CAPACITY: usize, const WAYS: usize, P: ReplacementPolicy> Default
    for TlbLevel<CAPACITY, WAYS, P>
{
    fn default() -> Self {
        Self::new()
    }
}

impl<const CAPACITY: usize, const WAYS: usize, P: ReplacementPolicy> Level
    for TlbLevel<CAPACITY, WAYS, P>
{
    #[inline(always)]
    fn lookup(&mut self, vpn: u64, space: Space, accept: Perms) -> Option<&TlbEntry> {
        let set = self.sets.get_mut(Self::set_index(vpn))?;
        let wanted = key(vpn);
        for way in 0..WAYS {
            if set.keys[way] == wanted && set.entries[way].answers(space, accept) {
                P::touch(&mut set.policy, way, WAYS);
                return Some(&set.entries[way]);
            }
        }
        None
    }

    fn insert(&mut self, entry: &TlbEntry) {
        let Some(set) = self.sets.get_mut(Self::set_index(entry.vpn)) else {
            return;
        };
        let wanted = key(entry.vpn);
        for way in 0..WAYS {
            if set.keys[way] == wanted && set.entries[way].conflicts(entry) {
                set.keys[way] = UNUSED;
            }
        }
        let unused = set.keys.iter().position(|&key| key == UNUSED);
        let way = unused.unwrap_or_else(|| P::victim(&mut set.policy, WAYS));
        set.keys[way] = wanted;
        set.entries[way] = *entry;
        P::touch(&mut set.policy, way, WAYS);
        if entry.is_fragment() {
            self.fragments.extend(entry.page_span());
        }
    }

    fn flush(&mut self, filter: SpaceFilter) {
        if filter == SpaceFilter::ALL {
            return self.flush_everything();
        }
        self.for_each(|key, entry| {
            if filter.covers(entry.space, entry.global) {
                *key = UNUSED;
            }
        });
    }

    fn flush_page(&mut self, vpn: u64, filter: SpaceFilter) {
        if let Some(set) = self.sets.get_mut(Self::set_index(vpn)) {
            for (used, entry) in set.keys.iter_mut().zip(&set.entries) {
                if *used == key(vpn) && filter.covers(entry.space, entry.global) {
                    *used = UNUSED;
                }
            }
        }
        if self.fragments.contains(vpn) {
            self.flush_fragments(vpn, filter);
        }
    }

    fn retain<F: FnMut(&TlbEntry) -> bool>(&mut self, mut keep: F) {
        self.for_each(|key, entry| {
            if !keep(entry) {
                *key = UNUSED;
            }
        });
    }

    fn forbid_direct_writes(&mut self, ppn: u64) {
        self.for_each(|_, entry| {
            if entry.ppn == ppn {
                entry.host_write = 0;
            }
        });
    }
}

/// A level that is not there: it remembers nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoLevel;

impl Level for NoLevel {
    #[inline]
    fn lookup(&mut self, _vpn: u64, _space: Space, _accept: Perms) -> Option<&TlbEntry> {
        None
    }

    fn insert(&mut self, _entry: &TlbEntry) {}

    fn flush(&mut self, _filter: SpaceFilter) {}

    fn flush_page(&mut self, _vpn: u64, _filter: SpaceFilter) {}

    fn retain<F: FnMut(&TlbEntry) -> bool>(&mut self, _keep: F) {}

    fn forbid_direct_writes(&mut self, _ppn: u64) {}
}
