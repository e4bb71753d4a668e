//! Code that goes: its source was stored to, or its memory is needed.

use super::{HostCache, Id};
use crate::{jit::young, vcpu::MachineShared};

impl HostCache {
    /// Invalidates those of the young blocks that do not match memory any more. Every
    /// store to the source of others was seen.
    pub(crate) fn verify_young(&mut self, machine: &MachineShared) {
        // Asked before: what those vCPUs have stored unseen is in memory then.
        let seen = self.young.is_seen();
        let unseen = machine.unseen_marks();
        for &id in self.young.all() {
            if let Some(block) = self.block(id) {
                young::invalidate_if_changed(&block.code, machine);
            }
        }
        let is_invalid = |id: &Id| self.block(*id).is_none_or(|block| block.code.is_invalid());
        let dead: Vec<Id> = self.young.all().copied().filter(is_invalid).collect();
        for &id in &dead {
            self.kill(id);
        }
        self.young.retain(|id| !dead.contains(&id));
        if seen {
            self.young.age(unseen);
        }
    }

    /// Drops the blocks of a physical page that have been invalidated.
    pub(crate) fn drop_invalid(&mut self, page: u64) {
        let Some(mut ids) = self.pages.remove(&page) else {
            return;
        };
        ids.retain(|&id| {
            let block = self.block(id);
            let keep = block.is_some_and(|block| !block.dead && !block.code.is_invalid());
            if !keep {
                self.kill(id);
            }
            keep
        });
        if !ids.is_empty() {
            self.pages.insert(page, ids);
        }
    }

    /// Drops all blocks that have been invalidated.
    pub(crate) fn drop_all_invalid(&mut self) {
        let pages: Vec<u64> = self.pages.keys().copied().collect();
        pages.into_iter().for_each(|page| self.drop_invalid(page));
    }

    /// Drops a block: whoever leads to it asks the engine instead.
    pub(super) fn kill(&mut self, id: Id) {
        let Some(block) = self.block_mut(id) else {
            return;
        };
        if std::mem::replace(&mut block.dead, true) {
            return;
        }
        let (entry, stale, key) = (block.entry, block.stale, block.key);
        self.unlink(id);
        self.forget_key(key, id);
        self.space.kill(entry, stale);
        self.stats.dropped += 1;
    }

    fn forget_key(&mut self, key: Option<(u64, u32)>, id: Id) {
        if let Some(key) = key
            && self.index.get(&key) == Some(&id)
        {
            self.index.remove(&key);
        }
    }

    /// Empties the oldest region, to be filled next.
    pub(super) fn evict(&mut self) {
        self.current = (self.current + 1) % self.regions.len();
        let number = self.current;
        for index in 0..self.regions[number].blocks.len() {
            let id = Id::new(number, index);
            self.unlink(id);
            if let Some(block) = self.block(id) {
                let (entry, key, pages) = (block.entry, block.key, block.pages);
                self.entries.remove(&entry);
                self.forget_key(key, id);
                pages
                    .into_iter()
                    .for_each(|page| self.forget_in_page(page, number));
            }
        }
        self.young.retain(|id| id.region() != number);
        let (space, region) = (&self.space, &self.regions[number]);
        self.jumps.forget_code(|host| {
            let offset = space.offset(host);
            offset.is_some_and(|offset| region.contains(offset))
        });
        self.stats.evictions += u64::from(!region.blocks.is_empty());
        self.epoch = self.next_epoch();
        self.regions[number].empty(self.epoch);
    }

    fn forget_in_page(&mut self, page: u64, region: usize) {
        if let Some(ids) = self.pages.get_mut(&page) {
            ids.retain(|id| id.region() != region);
            if ids.is_empty() {
                self.pages.remove(&page);
            }
        }
    }
}
