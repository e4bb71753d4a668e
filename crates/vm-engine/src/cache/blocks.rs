//! The blocks of a machine, shared by its vCPUs.

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use parking_lot::RwLock;
use rustc_hash::FxHashMap;
use vm_core::{GuestPhysAddr, PAGE_SIZE};
use vm_mem::GuestRam;

use super::{
    Code,
    lines::{CodeLines, in_page, line_mask},
    page::Page,
};

const SHARDS: usize = 64;
/// All of a page.
const PAGE: Range<u64> = 0..PAGE_SIZE;
/// Host memory that translations may occupy, in bytes; past it all are dropped.
const LIMIT: usize = 256 << 20;
/// After so many stores beside its code, a code page becomes a data page again:
/// if its code still runs, translating it anew costs little against so many
/// stores; if it does not, stores are direct again.
const MAX_STORES_BESIDE_CODE: u32 = 256;

/// Translated blocks, keyed by physical address.
pub struct BlockCache {
    shards: Box<[RwLock<Shard>]>,
    lines: CodeLines,
    /// Advanced by every instruction-fetch fence.
    epoch: AtomicU64,
    footprint: AtomicUsize,
    limit: usize,
}

#[derive(Default)]
struct Shard {
    pages: FxHashMap<u64, Page>,
    /// How often stores have invalidated something here.
    invalidations: u64,
}

/// Proof of when a translation began: blocks made from bytes that were stored
/// to since then are not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket(u64);

/// What a store was to translated code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// Its page is no code page.
    NoCode,
    /// It hit a code page, but no block.
    Beside,
    /// Blocks were invalidated by it.
    Invalidated,
}

impl BlockCache {
    /// An empty cache for code in `ram`.
    pub fn new(ram: &GuestRam) -> Self {
        Self::with_limit(ram, LIMIT)
    }

    fn with_limit(ram: &GuestRam, limit: usize) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| RwLock::default()).collect(),
            lines: CodeLines::new(ram),
            epoch: AtomicU64::new(0),
            footprint: AtomicUsize::new(0),
            limit,
        }
    }

    fn shard(&self, page: u64) -> &RwLock<Shard> {
        &self.shards[page as usize % SHARDS]
    }

    /// The block at `addr` for guest context `context` that still matches memory.
    ///
    /// # Errors
    /// If there is none, the ticket with which to add one.
    pub fn get(
        &self,
        ram: &GuestRam,
        addr: GuestPhysAddr,
        context: u32,
    ) -> Result<Arc<Code>, Ticket> {
        let shard = self.shard(addr.page()).read();
        let ticket = Ticket(shard.invalidations);
        let page = shard.pages.get(&addr.page()).ok_or(ticket)?;
        let code = page.get(key(addr, context)).ok_or(ticket)?;
        let code = Arc::clone(code);
        drop(shard);
        if code.verify(ram, addr, self.epoch()) {
            Ok(code)
        } else {
            Err(ticket)
        }
    }

    /// The ticket for [`watch`](Self::watch).
    pub fn ticket(&self, page: u64) -> Ticket {
        Ticket(self.shard(page).read().invalidations)
    }

    /// Adds a block whose bytes were read after `ticket` was given and that was
    /// [marked](Self::mark_code) then. If they have changed meanwhile, the
    /// block is invalidated instead. Tells whether all blocks were dropped to
    /// make room.
    pub fn insert(
        &self,
        ram: &GuestRam,
        addr: GuestPhysAddr,
        context: u32,
        code: &Arc<Code>,
        ticket: Ticket,
    ) -> bool {
        let unchanged = code.matches(ram, addr, 0, code.bytes() as usize);
        let mut shard = self.shard(addr.page()).write();
        if !unchanged || Ticket(shard.invalidations) != ticket {
            code.invalidate();
            return false;
        }
        let page = shard.pages.entry(addr.page()).or_default();
        let replaced = page.insert(key(addr, context), Arc::clone(code));
        drop(shard);
        let bytes = code.footprint();
        let before = self.footprint.fetch_add(bytes, Ordering::Relaxed);
        if let Some(old) = replaced {
            old.invalidate();
            self.footprint.fetch_sub(old.footprint(), Ordering::Relaxed);
        } else if before + bytes > self.limit {
            self.clear();
            return true;
        }
        false
    }

    /// Has stores to the `len` bytes at `addr` invalidate a block that is not found
    /// here; they are its source bytes from `start` on. Otherwise as
    /// [`insert`](Self::insert).
    pub fn watch(
        &self,
        ram: &GuestRam,
        addr: GuestPhysAddr,
        (start, len): (usize, usize),
        code: &Arc<Code>,
        ticket: Ticket,
    ) {
        let unchanged = code.matches(ram, addr, start, len);
        let mut shard = self.shard(addr.page()).write();
        if !unchanged || Ticket(shard.invalidations) != ticket {
            return code.invalidate();
        }
        let page = shard.pages.entry(addr.page()).or_default();
        page.watch(in_page(addr, len as u64), code);
    }

    /// Drops every block. vCPUs may finish those they run.
    pub fn clear(&self) {
        for shard in &self.shards {
            let mut shard = shard.write();
            let pages: Vec<u64> = shard.pages.keys().copied().collect();
            for page in pages {
                self.invalidate(&mut shard, page, &PAGE, true);
            }
        }
    }

    /// Marks the source of a block as code; tells whether its page had none
    /// before. The caller then withdraws direct write access to it everywhere.
    pub fn mark_code(&self, addr: GuestPhysAddr, bytes: u64) -> bool {
        let mask = line_mask(&in_page(addr, bytes));
        self.lines.insert(addr.page(), mask)
    }

    /// Whether the page holds code: stores to it must be
    /// [reported](Self::stored).
    #[inline]
    pub fn is_code(&self, page: u64) -> bool {
        self.lines.get(page) != 0
    }

    /// Invalidates the blocks that came from the `bytes` bytes at `addr`, which were
    /// stored to and lie in one page.
    #[inline]
    pub fn stored(&self, addr: GuestPhysAddr, bytes: u64) -> Stored {
        let marked = self.lines.get(addr.page());
        if marked == 0 {
            return Stored::NoCode;
        }
        let range = in_page(addr, bytes);
        if marked & line_mask(&range) == 0 {
            return Stored::Beside;
        }
        let mut shard = self.shard(addr.page()).write();
        if self.invalidate(&mut shard, addr.page(), &range, false) {
            Stored::Invalidated
        } else {
            Stored::Beside
        }
    }

    /// The same for any range; the pages of which blocks were invalidated.
    pub fn stored_range(&self, addr: GuestPhysAddr, bytes: u64) -> Vec<u64> {
        let mut invalidated = Vec::new();
        let mut done = 0;
        while done < bytes {
            let start = addr.wrapping_add(done);
            let part = (PAGE_SIZE - start.page_offset()).min(bytes - done);
            if self.stored(start, part) == Stored::Invalidated {
                invalidated.push(start.page());
            }
            done += part;
        }
        invalidated
    }

    /// Counts a store that was [`Stored::Beside`] the code of a page. With the
    /// last of too many the page is [released](Self::release); whether it was.
    pub fn count_beside(&self, page: u64) -> bool {
        let released = self.lines.count_beside(page) >= MAX_STORES_BESIDE_CODE;
        if released {
            self.release(page);
        }
        released
    }

    /// Invalidates all blocks of a page; it is no code page afterwards.
    pub fn release(&self, page: u64) {
        let mut shard = self.shard(page).write();
        self.invalidate(&mut shard, page, &PAGE, true);
    }

    /// Invalidates what came from the bytes `stored` of a page; tells whether anything
    /// did. Lines stay marked if something did, unless `unmark`: code that is
    /// modified once is modified again, and a page that becomes a code page
    /// every time costs every vCPU a walk through its TLB.
    fn invalidate(&self, shard: &mut Shard, page: u64, stored: &Range<u64>, unmark: bool) -> bool {
        let blocks = shard.pages.get_mut(&page);
        let (invalidated, empty) = blocks.map_or_else(Default::default, |blocks| {
            (blocks.invalidate(stored), blocks.is_empty())
        });
        if empty {
            shard.pages.remove(&page);
        }
        // Also if there was nothing to invalidate: a block that is just being made.
        shard.invalidations += 1;
        self.footprint
            .fetch_sub(invalidated.bytes, Ordering::Relaxed);
        if unmark || invalidated.blocks == 0 {
            self.lines
                .remove(page, line_mask(stored) & !invalidated.left);
        }
        invalidated.blocks != 0
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

fn key(addr: GuestPhysAddr, context: u32) -> (u16, u32) {
    (addr.page_offset() as u16, context)
}

#[cfg(test)]
mod tests;
