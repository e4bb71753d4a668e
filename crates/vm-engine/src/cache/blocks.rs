//! The blocks of a machine, shared by its vCPUs.

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use parking_lot::RwLock;
use rustc_hash::FxHashMap;
use vm_core::GuestPhysAddr;
use vm_mem::GuestRam;

use super::{Code, code_pages::CodePages};

const SHARDS: usize = 64;
/// Host memory that translations may occupy, in bytes; past it all are dropped.
const LIMIT: usize = 256 << 20;

/// Blocks by physical page, offset in it and guest context.
type Page = FxHashMap<(u16, u32), Arc<Code>>;

/// Translated blocks, keyed by physical address.
pub struct BlockCache {
    shards: Box<[RwLock<FxHashMap<u64, Page>>]>,
    code_pages: CodePages,
    /// Advanced by every instruction-fetch fence.
    epoch: AtomicU64,
    footprint: AtomicUsize,
}

impl BlockCache {
    /// An empty cache for code in `ram`.
    pub fn new(ram: &GuestRam) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| RwLock::default()).collect(),
            code_pages: CodePages::new(ram),
            epoch: AtomicU64::new(0),
            footprint: AtomicUsize::new(0),
        }
    }

    fn shard(&self, page: u64) -> &RwLock<FxHashMap<u64, Page>> {
        &self.shards[page as usize % SHARDS]
    }

    /// The block at `addr` for guest context `context`, if there is one that
    /// still matches memory.
    pub fn get(&self, ram: &GuestRam, addr: GuestPhysAddr, context: u32) -> Option<Arc<Code>> {
        let key = (addr.page_offset() as u16, context);
        let code = Arc::clone(
            self.shard(addr.page())
                .read()
                .get(&addr.page())?
                .get(&key)?,
        );
        code.verify(ram, addr, self.epoch()).then_some(code)
    }

    /// Adds a block; its page must have been [marked](Self::mark_code) before
    /// the code was read.
    pub fn insert(&self, addr: GuestPhysAddr, context: u32, code: Arc<Code>) {
        let footprint = self
            .footprint
            .fetch_add(code.footprint(), Ordering::Relaxed);
        if footprint > LIMIT {
            self.clear();
        }
        let key = (addr.page_offset() as u16, context);
        self.shard(addr.page())
            .write()
            .entry(addr.page())
            .or_default()
            .insert(key, code);
    }

    /// Drops every block. vCPUs may still be running some they hold.
    pub fn clear(&self) {
        for shard in &self.shards {
            let pages = std::mem::take(&mut *shard.write());
            for page in pages.keys() {
                self.code_pages.remove(*page);
            }
        }
        self.footprint.store(0, Ordering::Relaxed);
    }

    /// Marks a page as holding code; tells whether it was not before. The
    /// caller then withdraws direct write access to it everywhere.
    pub fn mark_code(&self, page: u64) -> bool {
        self.code_pages.insert(page)
    }

    /// Whether the page holds code: stores to it must be
    /// [reported](Self::invalidate_page).
    pub fn is_code(&self, page: u64) -> bool {
        self.code_pages.contains(page)
    }

    /// Drops the blocks of a page that was stored to; tells whether it held code.
    pub fn invalidate_page(&self, page: u64) -> bool {
        if !self.code_pages.remove(page) {
            return false;
        }
        if let Some(blocks) = self.shard(page).write().remove(&page) {
            let freed: usize = blocks.values().map(|code| code.footprint()).sum();
            let shrink = |all: usize| Some(all.saturating_sub(freed));
            let _ = self
                .footprint
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, shrink);
        }
        true
    }

    /// The current fetch epoch.
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    /// Makes all earlier stores, by whomever, visible to instruction fetch:
    /// every block compares itself with memory before it is found again. The
    /// calling vCPU also flushes its jump cache.
    pub fn sync(&self) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interp::Program;

    const AT: GuestPhysAddr = GuestPhysAddr(0x8000_0010);

    fn cache_with_block() -> (GuestRam, BlockCache) {
        let ram = GuestRam::new(&[(GuestPhysAddr(0x8000_0000), 0x2000)]).unwrap();
        ram.write(AT, &[1, 2, 3, 4]).unwrap();
        let cache = BlockCache::new(&ram);
        assert!(cache.mark_code(AT.page()));
        let code = Code::new(Program::empty(), Box::new([1, 2, 3, 4]), cache.epoch());
        cache.insert(AT, 7, Arc::new(code));
        (ram, cache)
    }

    #[test]
    fn finds_by_address_and_context() {
        let (ram, cache) = cache_with_block();
        assert!(cache.get(&ram, AT, 7).is_some());
        assert!(cache.get(&ram, AT, 8).is_none());
        assert!(cache.get(&ram, AT.wrapping_add(2), 7).is_none());
    }

    #[test]
    fn a_store_voids_the_page_once() {
        let (ram, cache) = cache_with_block();
        assert!(cache.is_code(AT.page()));
        assert!(cache.invalidate_page(AT.page()));
        assert!(!cache.invalidate_page(AT.page()));
        assert!(cache.get(&ram, AT, 7).is_none());
        assert_eq!(cache.footprint.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_fence_compares_with_memory() {
        let (ram, cache) = cache_with_block();
        cache.sync();
        assert!(cache.get(&ram, AT, 7).is_some());
        ram.write(AT, &[9]).unwrap();
        assert!(cache.get(&ram, AT, 7).is_some(), "no fence yet");
        cache.sync();
        assert!(cache.get(&ram, AT, 7).is_none());
    }

    #[test]
    fn clear_unmarks_pages() {
        let (ram, cache) = cache_with_block();
        cache.clear();
        assert!(cache.get(&ram, AT, 7).is_none());
        assert!(!cache.is_code(AT.page()));
    }
}
