//! Generated code of one vCPU: its blocks and the links between them.

mod compile;
mod drop;
mod link;

use std::{io, ops::Range, sync::Arc};

use rustc_hash::FxHashMap;
use serde::Serialize;
use vm_core::GuestPhysAddr;
use vm_cross_arch::{
    guest::GuestShape,
    host::{
        Backend, Callbacks, Config, Native,
        contract::{AccessSite, Runtime},
    },
};

use super::{
    code_space::CodeSpace,
    jumps::Jumps,
    processor::Processor,
    region::{ExitSite, HostBlock, Id, OpSite, Region, Stamped},
    state,
    young::Young,
};
use crate::cache::{Code, Origin};

/// A block as the engine enters it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target {
    /// Address of its code.
    pub(crate) host: usize,
    pub(crate) code_pc: i32,
}

/// What becomes of generated code, in numbers.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct JitStats {
    /// Blocks compiled.
    pub blocks: u64,
    /// Guest instructions in them.
    pub instructions: u64,
    /// Bytes of code made for them.
    pub bytes: u64,
    /// Time that took, in nanoseconds: decoding, passes, emission, installation.
    pub compile_ns: u64,
    /// Direct jumps linked.
    pub links: u64,
    /// Blocks dropped because their source was stored to.
    pub dropped: u64,
    /// How often a part of the code was dropped, the oldest, because its memory
    /// was full.
    pub evictions: u64,
}

/// The generated code of one vCPU.
pub(crate) struct HostCache {
    space: CodeSpace,
    /// Whether other vCPUs store to memory, too.
    shares_memory: bool,
    regions: Vec<Region>,
    /// The region that is being filled; the next one is the oldest.
    current: usize,
    index: FxHashMap<(u64, u32), Id>,
    /// By offset of the start.
    entries: FxHashMap<u32, Id>,
    young: Young,
    pages: FxHashMap<u64, Vec<Id>>,
    /// The last one that a region was given.
    epoch: u32,
    pub(crate) jumps: Jumps,
    pub(crate) stats: JitStats,
}

impl HostCache {
    /// An empty cache of at most `size` bytes of code.
    pub(crate) fn new(
        size: usize,
        callbacks: &Callbacks,
        guest: &'static GuestShape,
        processor: Processor,
        shares_memory: bool,
    ) -> io::Result<Self> {
        let backend = Native::try_new(&Config {
            guest,
            layout: state::LAYOUT,
            features: processor.features,
            watched_stores: shares_memory.then_some(state::RESERVATIONS),
            reservation: state::RESERVATION,
        });
        let backend = backend.ok_or(io::ErrorKind::Unsupported)?;
        let space = CodeSpace::new(size, backend, callbacks, processor.reach)?;
        let regions = Region::divide(space.free());
        let nowhere = space.runtime().stub(Runtime::Indirect);
        let nowhere = space.address(nowhere.ok_or(io::ErrorKind::Unsupported)?);
        Ok(Self {
            space,
            shares_memory,
            epoch: regions.len() as u32,
            regions,
            current: 0,
            index: FxHashMap::default(),
            entries: FxHashMap::default(),
            young: Young::default(),
            pages: FxHashMap::default(),
            jumps: Jumps::new(guest, nowhere),
            stats: JitStats::default(),
        })
    }

    /// Address of the code that enters generated code.
    pub(crate) fn enter(&self) -> usize {
        self.space.address(self.space.runtime().enter)
    }

    /// What callbacks return to leave it.
    pub(crate) fn leave(&self) -> usize {
        self.space.address(self.space.runtime().leave)
    }

    /// The names of the engine's own code, and the addresses where it is executed.
    pub(crate) fn runtime_parts(&self) -> Vec<(String, Range<usize>)> {
        let address = |offset| self.space.address(offset);
        let parts = self.space.runtime().parts().into_iter();
        parts
            .map(|(name, part)| (name, address(part.start)..address(part.end)))
            .collect()
    }

    /// The block whose code starts at address `host`.
    pub(crate) fn code_at(&self, host: usize) -> Option<&Arc<Code>> {
        let id = *self.entries.get(&self.space.offset(host)?)?;
        Some(&self.block(id)?.code)
    }

    /// Changes whenever code was dropped for want of room, or mapping contexts were numbered
    /// anew.
    pub(crate) fn epoch(&self) -> u32 {
        self.epoch
    }

    fn block(&self, id: Id) -> Option<&HostBlock> {
        self.regions.get(id.region())?.blocks.get(id.index())
    }

    fn block_mut(&mut self, id: Id) -> Option<&mut HostBlock> {
        let region = self.regions.get_mut(id.region())?;
        region.blocks.get_mut(id.index())
    }

    fn exit_site(&mut self, exit: Id) -> Option<&mut ExitSite> {
        let region = self.regions.get_mut(exit.region())?;
        region.exits.get_mut(exit.index())
    }

    fn stamp(&self, id: Id) -> Stamped {
        let region = self.regions.get(id.region());
        let epoch = region.map_or(0, |region| region.epoch);
        Stamped { id, epoch }
    }

    /// The generated code of the block at `addr` in guest context `context`.
    pub(crate) fn find_at(&self, addr: GuestPhysAddr, context: u32) -> Option<Target> {
        let block = self.block(*self.index.get(&(addr.0, context))?)?;
        (!block.code.is_invalid()).then(|| self.target(block))
    }

    /// The generated code of a block.
    pub(crate) fn find(&mut self, code: &Arc<Code>) -> Option<Target> {
        let id = match code.origin() {
            Origin::Shared { addr, context } => *self.index.get(&(addr.0, context))?,
            Origin::Private { .. } => {
                let (id, epoch) = code.private_host()?;
                let stamped = self.stamp(Id(id));
                (stamped.epoch == epoch).then_some(stamped.id)?
            }
        };
        let block = self.block(id).filter(|block| !block.dead)?;
        if Arc::ptr_eq(&block.code, code) {
            return Some(self.target(block));
        }
        // Invalidated and made anew, which nobody has got to tell yet.
        self.kill(id);
        None
    }

    fn target(&self, block: &HostBlock) -> Target {
        Target {
            host: self.space.address(block.entry),
            code_pc: block.code_pc,
        }
    }

    /// Code position of the block of an exit, and where the exit leads.
    pub(crate) fn exit(&self, exit: u32) -> Option<(i32, i64)> {
        let exit = Id(exit);
        let site = self.regions.get(exit.region())?.exits.get(exit.index())?;
        Some((self.block(site.block)?.code_pc, site.exit.target))
    }

    pub(crate) fn op(&self, number: u32) -> Option<OpSite> {
        let op = Id(number);
        let region = self.regions.get(op.region())?;
        region.ops.get(op.index()).copied()
    }

    /// The access of generated code whose call returns to address `caller`.
    pub(crate) fn access(&self, caller: usize) -> Option<AccessSite> {
        let after = self.space.offset(caller)?;
        let mut regions = self.regions.iter();
        regions.find(|region| region.contains(after))?.access(after)
    }

    /// How many veneers lead to stubs, and how many to where exits are linked to.
    #[cfg(test)]
    pub(crate) fn veneers(&self) -> (usize, usize) {
        let to_stubs = self.regions.iter().map(|region| region.veneers.len());
        let exits = self.regions.iter().flat_map(|region| &region.exits);
        let rooms = exits.filter_map(|exit| exit.veneer);
        let written = rooms.filter(|at| self.space.has_veneer(at.get()));
        (to_stubs.sum(), written.count())
    }
}
