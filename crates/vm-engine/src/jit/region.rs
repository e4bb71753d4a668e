//! Regions: code memory is filled, and emptied, a part at a time.

use std::{num::NonZeroU32, ops::Range, sync::Arc};

use rustc_hash::FxHashMap;
use vm_cross_arch::{
    host::{
        Backend, Native,
        contract::{AccessSite, Exit},
    },
    ir::Op,
};

use crate::cache::Code;

/// Regions of a large memory.
const REGIONS: usize = 8;
/// A region has at least so many bytes, unless there is only one: the largest
/// block takes a fraction of that.
const MIN_REGION: usize = 256 << 10;

/// The number of a block, exit or op: which region, and which of its own. It
/// counts until the region is emptied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Id(pub(super) u32);

const INDEX_BITS: u32 = 24;

impl Id {
    pub(super) fn new(region: usize, index: usize) -> Self {
        Self((region as u32) << INDEX_BITS | index as u32 & ((1 << INDEX_BITS) - 1))
    }

    pub(super) fn region(self) -> usize {
        (self.0 >> INDEX_BITS) as usize
    }

    pub(super) fn index(self) -> usize {
        (self.0 & ((1 << INDEX_BITS) - 1)) as usize
    }
}

/// An [`Id`] that can tell whether it still counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamped {
    pub(super) id: Id,
    /// That of the region when the number was given.
    pub(super) epoch: u32,
}

/// A block of generated code.
pub(super) struct HostBlock {
    /// What it was made from; invalid once its source was stored to.
    pub(super) code: Arc<Code>,
    /// The page it lies in and guest context, if it is found by them.
    pub(super) key: Option<(u64, u32)>,
    /// The pages of its source.
    pub(super) pages: [u64; 2],
    pub(super) code_pc: i32,
    /// Offset of its start.
    pub(super) entry: u32,
    /// Offset of the way to the engine for who enters it in vain.
    pub(super) stale: u32,
    /// Exits that are linked to it.
    pub(super) incoming: Vec<Stamped>,
    pub(super) dead: bool,
}

/// An exit of a block; offsets are those in code memory.
pub(super) struct ExitSite {
    pub(super) block: Id,
    pub(super) exit: Exit,
    /// Code that changes the mapping context on the way, made for an earlier link.
    pub(super) transfer: Option<u32>,
    /// Room for a veneer, if the jump does not reach everywhere.
    pub(super) veneer: Option<NonZeroU32>,
}

/// An op that the engine runs for a block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OpSite {
    pub(crate) op: Op,
    /// Code position of the block's start.
    pub(crate) code_pc: i32,
}

/// A part of code memory, and what is known of the code in it.
pub(super) struct Region {
    start: usize,
    end: usize,
    used: usize,
    /// Changes when the region is emptied; different for all regions.
    pub(super) epoch: u32,
    pub(super) blocks: Vec<HostBlock>,
    pub(super) exits: Vec<ExitSite>,
    pub(super) ops: Vec<OpSite>,
    /// By offset of a stub: the latest veneer that leads there.
    pub(super) veneers: FxHashMap<u32, u32>,
    /// Ordered by offset, in code memory.
    accesses: Vec<AccessSite>,
}

impl Region {
    /// Divides memory.
    pub(super) fn divide(Range { start, end }: Range<usize>) -> Vec<Self> {
        let count = ((end - start) / MIN_REGION).clamp(1, REGIONS);
        let size = (end - start) / count;
        (0..count)
            .map(|number| {
                let start = start + number * size;
                Self {
                    start,
                    end: start + size,
                    used: start,
                    epoch: number as u32 + 1,
                    blocks: Vec::new(),
                    exits: Vec::new(),
                    ops: Vec::new(),
                    veneers: FxHashMap::default(),
                    accesses: Vec::new(),
                }
            })
            .collect()
    }

    /// Takes room for `size` bytes of code; its offset, or `None` if there is
    /// too little left, or there are no numbers left.
    pub(super) fn allocate(&mut self, size: usize) -> Option<u32> {
        let start = self.used.next_multiple_of(Native::ALIGN);
        let end = start.checked_add(size).filter(|&end| end <= self.end)?;
        let most = self.blocks.len().max(self.exits.len()).max(self.ops.len());
        // A block adds fewer than this of each.
        if most >= (1 << INDEX_BITS) - 4096 {
            return None;
        }
        self.used = end;
        u32::try_from(start).ok()
    }

    /// Takes room for `size` bytes more right behind the latest.
    pub(super) fn extend(&mut self, size: usize) -> Option<u32> {
        let start = self.used;
        self.used = start.checked_add(size).filter(|&end| end <= self.end)?;
        u32::try_from(start).ok()
    }

    /// Where room was taken up to.
    pub(super) fn used(&self) -> usize {
        self.used
    }

    /// Adds the accesses of the latest block, whose code is at offset `start`.
    pub(super) fn add_accesses(&mut self, start: u32, accesses: &[AccessSite]) {
        let accesses = accesses.iter().map(|&access| AccessSite {
            after: start + access.after,
            ..access
        });
        self.accesses.extend(accesses);
    }

    /// The access whose call returns to the code at an offset.
    pub(super) fn access(&self, after: u32) -> Option<AccessSite> {
        let accesses = &self.accesses;
        let found = accesses.binary_search_by_key(&after, |access| access.after);
        Some(accesses[found.ok()?])
    }

    /// Whether code at an offset is in here.
    pub(super) fn contains(&self, offset: u32) -> bool {
        (self.start..self.end).contains(&(offset as usize))
    }

    /// Forgets all code.
    pub(super) fn empty(&mut self, epoch: u32) {
        self.used = self.start;
        self.epoch = epoch;
        self.blocks.clear();
        self.exits.clear();
        self.ops.clear();
        self.veneers.clear();
        self.accesses.clear();
    }
}

#[cfg(test)]
mod tests {
    use vm_cross_arch::host::contract::Site;

    use super::*;

    #[test]
    fn numbers_tell_their_region() {
        let id = Id::new(7, 0x123456);
        assert_eq!((id.region(), id.index()), (7, 0x123456));
    }

    #[test]
    fn a_small_memory_is_one_region() {
        assert_eq!(Region::divide(100..64 << 10).len(), 1);
        let regions = Region::divide(4096..64 << 20);
        assert_eq!(regions.len(), REGIONS);
        for pair in regions.windows(2) {
            assert_eq!(pair[0].end, pair[1].start);
            assert_ne!(pair[0].epoch, pair[1].epoch);
        }
    }

    #[test]
    fn a_full_region_takes_no_more_until_it_is_emptied() {
        let mut region = Region::divide(16..16 + 4096).remove(0);
        assert_eq!(region.allocate(4000), Some(16));
        assert_eq!(region.allocate(97), None);
        assert_eq!(region.allocate(96), Some(4016));
        assert!(region.contains(16) && region.contains(4111) && !region.contains(4112));
        region.empty(9);
        assert_eq!((region.allocate(4096), region.epoch), (Some(16), 9));
    }

    #[test]
    fn accesses_are_found_by_where_their_call_returns_to() {
        let mut region = Region::divide(4096..64 << 20).remove(0);
        let accesses = |offsets: &[u32]| -> Vec<AccessSite> {
            let site = Site {
                unretired: 3,
                len: 4,
            };
            let access = |&after| AccessSite {
                after,
                pc: after as i32,
                site,
            };
            offsets.iter().map(access).collect()
        };
        region.add_accesses(4096, &accesses(&[10, 30]));
        region.add_accesses(8192, &accesses(&[10]));
        let found = |after| region.access(after).map(|access| access.pc);
        assert_eq!(found(4096 + 30), Some(30));
        assert_eq!(found(8192 + 10), Some(10));
        assert_eq!(found(4096 + 11), None);
        region.empty(9);
        assert_eq!(region.access(4096 + 30), None);
    }
}
