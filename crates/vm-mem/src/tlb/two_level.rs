//! The TLB that a vCPU owns: a small fast level before a large one.

use super::{Flush, Level, Lru, Perms, Space, TlbEntry, TlbLevel, TlbStats};

/// Two levels. What the second one answers is copied to the first.
#[derive(Debug, Clone, Default)]
pub struct Tlb<L1 = TlbLevel<64, 4, Lru>, L2 = TlbLevel<512, 8, Lru>> {
    l1: L1,
    l2: L2,
    stats: TlbStats,
}

/// The usual TLB: 64 entries in sets of 4 before 512 entries in sets of 8, both LRU.
pub type DefaultTlb = Tlb;

impl<L1: Level + Default, L2: Level + Default> Tlb<L1, L2> {
    /// An empty TLB.
    pub fn new() -> Self {
        Self::default()
    }
}

impl<L1: Level, L2: Level> Tlb<L1, L2> {
    /// The translation of virtual page `vpn` (address bits 63:12) in `space` that grants
    /// any of `accept`; a miss asks for a page walk and [`Tlb::insert`].
    #[inline(always)]
    pub fn lookup(&mut self, vpn: u64, space: Space, accept: Perms) -> Option<TlbEntry> {
        if let Some(entry) = self.l1.lookup(vpn, space, accept) {
            self.stats.l1.hits += 1;
            return Some(*entry);
        }
        self.lookup_l2(vpn, space, accept).copied()
    }

    /// A translation that the last lookup or insertion has left in the first
    /// level. Not counted: to use an answer twice is no second question.
    #[inline(always)]
    pub fn latest(&mut self, vpn: u64, space: Space, accept: Perms) -> Option<TlbEntry> {
        self.l1.lookup(vpn, space, accept).copied()
    }

    #[cold]
    #[inline(never)]
    fn lookup_l2(&mut self, vpn: u64, space: Space, accept: Perms) -> Option<&TlbEntry> {
        self.stats.l1.misses += 1;
        let Some(entry) = self.l2.lookup(vpn, space, accept) else {
            self.stats.l2.misses += 1;
            return None;
        };
        self.stats.l2.hits += 1;
        self.l1.insert(entry);
        Some(entry)
    }

    /// Adds a translation to both levels, in place of any for the same page and space.
    pub fn insert(&mut self, entry: TlbEntry) {
        self.l1.insert(&entry);
        self.l2.insert(&entry);
    }

    /// Drops the translations that a fence is about.
    pub fn flush(&mut self, flush: &Flush) {
        match flush.page {
            Some(va) => {
                self.l1.flush_page(va.page(), flush.filter);
                self.l2.flush_page(va.page(), flush.filter);
            }
            None => {
                self.l1.flush(flush.filter);
                self.l2.flush(flush.filter);
            }
        }
    }

    /// Drops everything.
    pub fn flush_all(&mut self) {
        self.flush(&Flush::ALL);
    }

    /// Drops the translations that `keep` rejects. It may see a translation twice, once
    /// per level, and must then answer alike.
    pub fn retain(&mut self, mut keep: impl FnMut(&TlbEntry) -> bool) {
        self.l1.retain(&mut keep);
        self.l2.retain(&mut keep);
    }

    /// Makes stores to physical page `ppn` take the slow path from now on, as they must
    /// once code of it was translated. Loads and fetches still hit.
    pub fn forbid_direct_writes(&mut self, ppn: u64) {
        self.l1.forbid_direct_writes(ppn);
        self.l2.forbid_direct_writes(ppn);
    }

    /// Hits and misses since creation or the last [`Tlb::reset_stats`].
    pub fn stats(&self) -> TlbStats {
        self.stats
    }

    /// Sets all counters to zero.
    pub fn reset_stats(&mut self) {
        self.stats = TlbStats::default();
    }
}
