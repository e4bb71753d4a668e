//! Generated code of one vCPU: its blocks and the links between them.

use std::{io, ops::Range, sync::Arc};

use rustc_hash::FxHashMap;
use serde::Serialize;
use vm_core::GuestPhysAddr;
use vm_cross_arch::{
    guest::GuestShape,
    host::{
        Backend, Callbacks, Config, Native,
        contract::{AccessSite, Exit, HostCode, Request, Runtime},
    },
    ir::Block,
};

use super::{
    HostFeatures,
    code_space::CodeSpace,
    jumps::{Jumps, MappingContext},
    region::{ExitSite, HostBlock, Id, OpSite, Region, Stamped},
    state,
    young::{self, Young},
};
use crate::{
    cache::{Code, Mapping, Origin},
    vcpu::MachineShared,
};

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
        features: HostFeatures,
        shares_memory: bool,
    ) -> io::Result<Self> {
        let backend = Native::try_new(&Config {
            guest,
            layout: state::LAYOUT,
            features,
            watched_stores: shares_memory.then_some(state::RESERVATIONS),
            reservation: state::RESERVATION,
        });
        let backend = backend.ok_or(io::ErrorKind::Unsupported)?;
        let space = CodeSpace::new(size, backend, callbacks)?;
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

    /// Compiles a block. If there is no room, the oldest code is dropped first.
    pub(crate) fn compile(
        &mut self,
        block: &Block,
        code: &Arc<Code>,
        rounds_to_nearest: bool,
    ) -> Option<Target> {
        let (Origin::Shared { addr, .. } | Origin::Private { first: addr, .. }) = code.origin();
        let mut emitted = self.emit(block, addr, rounds_to_nearest);
        if emitted.is_none() {
            self.evict();
            emitted = self.emit(block, addr, rounds_to_nearest);
        }
        let (start, host) = emitted?;
        let id = self.install(start, &host, code, addr);
        self.stats.blocks += 1;
        self.stats.instructions += u64::from(block.insns);
        self.stats.bytes += host.bytes.len() as u64;
        let block = self.block(id)?;
        Some(self.target(block))
    }

    /// Puts a block's code into the current region, if there is room.
    fn emit(
        &mut self,
        block: &Block,
        addr: GuestPhysAddr,
        rounds_to_nearest: bool,
    ) -> Option<(u32, HostCode)> {
        let number = self.current;
        let region = self.regions.get_mut(number)?;
        let request = Request {
            code_pc: addr.0 as i32,
            first_exit: Id::new(number, region.exits.len()).0,
            first_op: Id::new(number, region.ops.len()).0,
            rounds_to_nearest,
        };
        let host = self.space.emit(block, &request);
        let start = region.allocate(host.bytes.len())?;
        self.space.install(start, &host);
        Some((start, host))
    }

    fn install(
        &mut self,
        start: u32,
        host: &HostCode,
        code: &Arc<Code>,
        addr: GuestPhysAddr,
    ) -> Id {
        let region = &mut self.regions[self.current];
        let id = Id::new(self.current, region.blocks.len());
        region.exits.extend(host.exits.iter().map(|exit| ExitSite {
            block: id,
            exit: Exit {
                jump: start + exit.jump,
                stub: start + exit.stub,
                guard: exit.guard.map(|guard| start + guard),
                target: exit.target,
            },
            transfer: None,
        }));
        let code_pc = addr.0 as i32;
        let ops = host.ops.iter().map(|&op| OpSite { op, code_pc });
        region.ops.extend(ops);
        region.add_accesses(start, &host.accesses);
        let (key, pages) = match code.origin() {
            Origin::Shared { addr, context } => {
                self.index.insert((addr.0, context), id);
                (Some((addr.0, context)), [addr.page(); 2])
            }
            Origin::Private { first, last, .. } => {
                code.set_private_host(id.0, region.epoch);
                (None, [first.page(), last.page()])
            }
        };
        region.blocks.push(HostBlock {
            code: Arc::clone(code),
            key,
            pages,
            code_pc,
            entry: start,
            stale: start + host.stale,
            incoming: Vec::new(),
            dead: false,
        });
        self.pages.entry(pages[0]).or_default().push(id);
        if pages[0] != pages[1] {
            self.pages.entry(pages[1]).or_default().push(id);
        }
        self.entries.insert(start, id);
        // Alone, the vCPU has seen every store since the source was marked.
        if self.shares_memory {
            self.young.push(id);
        }
        id
    }

    /// The mapping context of code with `bias` in address space `asid`, mapped by `mapping`.
    pub(crate) fn mapping_context(
        &mut self,
        bias: u64,
        asid: u16,
        mapping: Mapping,
    ) -> MappingContext {
        if self.jumps.is_out_of_numbers() {
            self.forget_numbers();
        }
        self.jumps.mapping_context(bias, asid, mapping)
    }

    /// Begins anew with the numbers of mapping contexts. Links hold some, and so may whoever
    /// is about to make one.
    fn forget_numbers(&mut self) {
        for number in 0..self.regions.len() {
            for index in 0..self.regions[number].blocks.len() {
                self.unlink(Id::new(number, index));
            }
        }
        self.jumps.renumber();
        self.epoch = self.next_epoch();
    }

    /// Once they wrap, a stamp from long ago may count again: then an exit is
    /// unlinked in vain, and whoever looks for a block compares its source's address.
    fn next_epoch(&self) -> u32 {
        self.epoch.wrapping_add(1).max(1)
    }

    /// Lets an exit of code in mapping context `from` lead to the block at address
    /// `host`, which runs in mapping context `to`. Returns where code was made for that,
    /// if any was.
    pub(crate) fn link(
        &mut self,
        exit: u32,
        from: MappingContext,
        host: usize,
        to: MappingContext,
    ) -> Option<Range<usize>> {
        let exit = Id(exit);
        let entry = self.space.offset(host)?;
        let target = *self.entries.get(&entry)?;
        let is_private = self.block(target)?.key.is_none();
        let Exit { jump, guard, .. } = self.exit_site(exit)?.exit;
        let mut made = None;
        let destination = match guard {
            // A private block depends on more than its page.
            None if from != to || is_private => return None,
            None => entry,
            Some(_) if from == to => entry,
            Some(_) => {
                let code = self.space.transfer(to.bias, to.number);
                let at = self.transfer(exit, code.bytes.len())?;
                self.space.put_transfer(at, &code, entry);
                let end = at + code.bytes.len() as u32;
                made = Some(self.space.address(at)..self.space.address(end));
                at
            }
        };
        if let Some(guard) = guard {
            self.space.set_guard(guard, from.number);
        }
        self.space.lead(jump, destination);
        let exit = self.stamp(exit);
        self.block_mut(target)?.incoming.push(exit);
        self.stats.links += 1;
        made
    }

    /// Room for code on the way of an exit: that of an earlier link, or new. It
    /// is never older than the exit, so it is not dropped before that.
    fn transfer(&mut self, exit: Id, size: usize) -> Option<u32> {
        if let Some(at) = self.exit_site(exit)?.transfer {
            return Some(at);
        }
        let at = self.regions.get_mut(self.current)?.allocate(size)?;
        self.exit_site(exit)?.transfer = Some(at);
        Some(at)
    }

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
    fn kill(&mut self, id: Id) {
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

    /// Lets all exits that lead to a block ask the engine instead.
    fn unlink(&mut self, id: Id) {
        let block = self.block_mut(id);
        let incoming = block.map(|block| std::mem::take(&mut block.incoming));
        for exit in incoming.unwrap_or_default() {
            if self.stamp(exit.id) == exit
                && let Some(site) = self.exit_site(exit.id)
            {
                let Exit { jump, stub, .. } = site.exit;
                self.space.lead(jump, stub);
            }
        }
    }

    /// Lets every exit ask the engine where it leads.
    pub(crate) fn unlink_all(&mut self) {
        for region in 0..self.regions.len() {
            for index in 0..self.regions[region].blocks.len() {
                self.unlink(Id::new(region, index));
            }
        }
    }

    fn forget_key(&mut self, key: Option<(u64, u32)>, id: Id) {
        if let Some(key) = key
            && self.index.get(&key) == Some(&id)
        {
            self.index.remove(&key);
        }
    }

    /// Empties the oldest region, to be filled next.
    fn evict(&mut self) {
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
