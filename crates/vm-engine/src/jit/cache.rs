//! Generated code of one vCPU: its blocks and the links between them.

use std::{io, ops::Range, sync::Arc};

use rustc_hash::FxHashMap;
use serde::Serialize;
use vm_core::GuestPhysAddr;
use vm_cross_arch::{
    host::{
        contract::{Exit, HostCode, Request},
        x86_64::{Backend, Callbacks, Features, Pins, RuntimeCode, runtime_code, transfer_code},
    },
    ir::{Block, Op},
};

use super::{
    jumps::{Jumps, Place},
    memory::{CodeMemory, displacement},
    state,
};
use crate::{
    cache::{Code, Origin},
    vcpu::MachineShared,
};

/// A block's number, valid until the cache is emptied.
pub(super) type BlockId = u32;

/// The opcode of a jump with a 32-bit displacement.
const JMP: u8 = 0xe9;

/// A block of generated code.
struct HostBlock {
    /// What it was made from; void once its source was stored to.
    code: Arc<Code>,
    /// The page it lies in and guest context, if it is found by them.
    key: Option<(u64, u32)>,
    code_pc: i32,
    /// Offset of its start.
    entry: u32,
    /// Offset of the way to the engine for who enters it in vain.
    stale: u32,
    /// Exits that are linked to it.
    incoming: Vec<u32>,
    dead: bool,
}

/// An exit of a block; offsets are those in code memory.
struct ExitSite {
    block: BlockId,
    exit: Exit,
    /// Code that changes the place on the way, made for an earlier link.
    transfer: Option<u32>,
}

/// An op that the engine runs for a block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OpSite {
    pub(crate) op: Op,
    /// Code position of the block's start.
    pub(crate) code_pc: i32,
}

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
    /// How often all code was dropped because its memory was full.
    pub flushes: u64,
}

/// The generated code of one vCPU.
pub(crate) struct HostCache {
    memory: CodeMemory,
    backend: Backend,
    runtime: RuntimeCode,
    /// Bytes at the start of memory that are the runtime's.
    reserved: usize,
    blocks: Vec<HostBlock>,
    index: FxHashMap<(u64, u32), BlockId>,
    /// By offset of the start.
    entries: FxHashMap<u32, BlockId>,
    /// Blocks whose source may have been stored to unseen.
    young: Vec<BlockId>,
    pages: FxHashMap<u64, Vec<BlockId>>,
    exits: Vec<ExitSite>,
    ops: Vec<OpSite>,
    /// Advanced whenever all blocks are dropped.
    epoch: u32,
    pub(crate) jumps: Jumps,
    pub(crate) stats: JitStats,
}

impl HostCache {
    /// An empty cache of at most `size` bytes of code.
    pub(crate) fn new(size: usize, callbacks: &Callbacks, watch_stores: bool) -> io::Result<Self> {
        let backend = Backend {
            layout: state::LAYOUT,
            pins: Pins::RISCV64,
            features: Features::detect(),
            watched_stores: watch_stores.then_some(state::RESERVATIONS),
            reservation: (!watch_stores).then_some(state::RESERVATION),
        };
        let runtime = runtime_code(&backend, callbacks);
        let mut memory = CodeMemory::new(size)?;
        let start = memory.push(&runtime.bytes);
        debug_assert_eq!(start, Some(0), "the runtime comes first");
        Ok(Self {
            reserved: memory.used(),
            memory,
            backend,
            runtime,
            blocks: Vec::new(),
            index: FxHashMap::default(),
            entries: FxHashMap::default(),
            young: Vec::new(),
            pages: FxHashMap::default(),
            exits: Vec::new(),
            ops: Vec::new(),
            epoch: 1,
            jumps: Jumps::default(),
            stats: JitStats::default(),
        })
    }

    /// Address of the code that enters generated code.
    pub(crate) fn enter(&self) -> usize {
        self.memory.address(self.runtime.enter)
    }

    /// What callbacks return to leave it.
    pub(crate) fn leave(&self) -> usize {
        self.memory.address(self.runtime.leave)
    }

    /// The names of the engine's own code, and the addresses where it is executed.
    pub(crate) fn runtime_parts(&self) -> Vec<(String, Range<usize>)> {
        let address = |offset| self.memory.address(offset);
        let parts = self.runtime.parts().into_iter();
        parts
            .map(|(name, part)| (name, address(part.start)..address(part.end)))
            .collect()
    }

    /// Address of the end of the code.
    pub(crate) fn end(&self) -> usize {
        self.memory.address(self.memory.used() as u32)
    }

    /// The block whose code starts at address `host`.
    pub(crate) fn code_at(&self, host: usize) -> Option<&Arc<Code>> {
        let id = *self.entries.get(&self.memory.offset(host)?)?;
        Some(&self.blocks.get(id as usize)?.code)
    }

    /// Whether other vCPUs store to memory, too.
    fn backend_shares_memory(&self) -> bool {
        self.backend.watched_stores.is_some()
    }

    pub(crate) fn epoch(&self) -> u32 {
        self.epoch
    }

    /// The generated code of the block at `addr` in guest context `context`.
    pub(crate) fn find_at(&self, addr: GuestPhysAddr, context: u32) -> Option<Target> {
        let id = *self.index.get(&(addr.0, context))?;
        let block = self.blocks.get(id as usize)?;
        (!block.code.is_void()).then(|| self.target(block))
    }

    /// The generated code of a block.
    pub(crate) fn find(&mut self, code: &Arc<Code>) -> Option<Target> {
        let id = match code.origin() {
            Origin::Shared { addr, context } => *self.index.get(&(addr.0, context))?,
            Origin::Private { .. } => code.private_host(self.epoch)?,
        };
        let block = self.blocks.get(id as usize).filter(|block| !block.dead)?;
        if Arc::ptr_eq(&block.code, code) {
            return Some(self.target(block));
        }
        // Voided and made anew, which nobody has got to tell yet.
        self.kill(id);
        None
    }

    fn target(&self, block: &HostBlock) -> Target {
        Target {
            host: self.memory.address(block.entry),
            code_pc: block.code_pc,
        }
    }

    /// Code position of a block.
    pub(crate) fn exit(&self, exit: u32) -> Option<(i32, i64)> {
        let site = self.exits.get(exit as usize)?;
        let block = self.blocks.get(site.block as usize)?;
        Some((block.code_pc, site.exit.target))
    }

    pub(crate) fn op(&self, number: u32) -> Option<OpSite> {
        self.ops.get(number as usize).copied()
    }

    /// Compiles a block. Everything is dropped first if there is no room.
    pub(crate) fn compile(
        &mut self,
        block: &Block,
        code: &Arc<Code>,
        rounds_to_nearest: bool,
    ) -> Option<Target> {
        let (Origin::Shared { addr, .. } | Origin::Private { first: addr, .. }) = code.origin();
        let request = |cache: &Self| Request {
            code_pc: addr.0 as i32,
            first_exit: cache.exits.len() as u32,
            first_op: cache.ops.len() as u32,
            rounds_to_nearest,
        };
        let mut host = self.backend.emit(block, &request(self));
        let mut start = self.memory.push(&host.bytes);
        if start.is_none() {
            self.clear();
            self.stats.flushes += 1;
            host = self.backend.emit(block, &request(self));
            start = self.memory.push(&host.bytes);
        }
        let id = self.install(start?, &host, code, addr);
        if !self.backend_shares_memory() {
            self.young.clear();
        }
        self.stats.blocks += 1;
        self.stats.instructions += u64::from(block.insns);
        self.stats.bytes += host.bytes.len() as u64;
        let block = self.blocks.get(id as usize)?;
        Some(self.target(block))
    }

    fn install(
        &mut self,
        start: u32,
        host: &HostCode,
        code: &Arc<Code>,
        addr: GuestPhysAddr,
    ) -> BlockId {
        for reference in &host.runtime {
            if let Some(stub) = self.runtime.stub(reference.target) {
                self.memory.set_displacement(start + reference.at, stub);
            }
        }
        let id = self.blocks.len() as BlockId;
        self.exits.extend(host.exits.iter().map(|exit| ExitSite {
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
        self.ops.extend(ops);
        let (key, pages) = match code.origin() {
            Origin::Shared { addr, context } => {
                self.index.insert((addr.0, context), id);
                (Some((addr.0, context)), [addr.page(); 2])
            }
            Origin::Private { first, last } => {
                code.set_private_host(self.epoch, id);
                (None, [first.page(), last.page()])
            }
        };
        self.pages.entry(pages[0]).or_default().push(id);
        if pages[0] != pages[1] {
            self.pages.entry(pages[1]).or_default().push(id);
        }
        self.entries.insert(start, id);
        self.young.push(id);
        self.blocks.push(HostBlock {
            code: Arc::clone(code),
            key,
            code_pc,
            entry: start,
            stale: start + host.stale,
            incoming: Vec::new(),
            dead: false,
        });
        id
    }

    /// Lets an exit of code at place `from` lead to the block at address
    /// `host`, which runs at place `to`.
    pub(crate) fn link(&mut self, exit: u32, from: Place, host: usize, to: Place) {
        let Some(entry) = self.memory.offset(host) else {
            return;
        };
        let (Some(&target), Some(site)) =
            (self.entries.get(&entry), self.exits.get_mut(exit as usize))
        else {
            return;
        };
        let Some(block) = self.blocks.get_mut(target as usize) else {
            return;
        };
        let Exit { jump, guard, .. } = site.exit;
        let destination = match guard {
            // A private block depends on more than its page.
            None if from != to || block.key.is_none() => return,
            None => entry,
            Some(_) if from == to => entry,
            Some(_) => {
                let code = transfer_code(&self.backend, to.bias, to.number);
                let at = site.transfer.or_else(|| self.memory.push(&code));
                let Some(at) = at else {
                    return;
                };
                site.transfer = Some(at);
                self.memory.rewrite(at, &code);
                let end = at + code.len() as u32 - 4;
                self.memory.set_displacement(end, entry);
                at
            }
        };
        if let Some(guard) = guard {
            self.memory.set_u32(guard, from.number);
        }
        self.memory.set_displacement(jump, destination);
        block.incoming.push(exit);
        self.stats.links += 1;
    }

    /// Voids those of the latest blocks that do not match memory any more.
    /// Those before them were made when every store to their pages was seen.
    pub(crate) fn verify_young(&mut self, machine: &MachineShared, all_seen: bool) {
        for &id in &self.young {
            let Some(block) = self.blocks.get(id as usize) else {
                continue;
            };
            let changed = match block.code.origin() {
                Origin::Shared { addr, .. } => {
                    let bytes = block.code.bytes();
                    let same = block.code.matches(&machine.ram, addr, 0, bytes as usize);
                    if !same {
                        machine.blocks.stored_range(addr, bytes);
                    }
                    !same
                }
                Origin::Private { .. } => true,
            };
            if changed {
                block.code.void();
            }
        }
        let young = std::mem::take(&mut self.young);
        let void = |id: &&BlockId| {
            let block = self.blocks.get(**id as usize);
            block.is_some_and(|block| block.code.is_void())
        };
        let dead: Vec<_> = young.iter().filter(void).copied().collect();
        dead.into_iter().for_each(|id| self.kill(id));
        if !all_seen {
            self.young = young;
        }
    }

    /// Drops the blocks of a physical page that have become void.
    pub(crate) fn drop_void(&mut self, page: u64) {
        let Some(mut ids) = self.pages.remove(&page) else {
            return;
        };
        ids.retain(|&id| {
            let block = self.blocks.get(id as usize);
            let keep = block.is_some_and(|block| !block.dead && !block.code.is_void());
            if !keep {
                self.kill(id);
            }
            keep
        });
        if !ids.is_empty() {
            self.pages.insert(page, ids);
        }
    }

    /// Drops all blocks that have become void.
    pub(crate) fn drop_all_void(&mut self) {
        let pages: Vec<u64> = self.pages.keys().copied().collect();
        pages.into_iter().for_each(|page| self.drop_void(page));
    }

    fn kill(&mut self, id: BlockId) {
        let Some(block) = self.blocks.get_mut(id as usize) else {
            return;
        };
        if std::mem::replace(&mut block.dead, true) {
            return;
        }
        let (entry, stale) = (block.entry, block.stale);
        let incoming = std::mem::take(&mut block.incoming);
        if let Some(key) = block.key
            && self.index.get(&key) == Some(&id)
        {
            self.index.remove(&key);
        }
        // Whoever has its address asks the engine instead.
        let [a, b, c, d] = displacement(entry + 1, stale).to_le_bytes();
        self.memory.rewrite(entry, &[JMP, a, b, c, d]);
        for exit in incoming {
            if let Some(site) = self.exits.get(exit as usize) {
                let Exit { jump, stub, .. } = site.exit;
                self.memory.set_displacement(jump, stub);
            }
        }
        self.stats.dropped += 1;
    }

    /// Drops all blocks.
    pub(crate) fn clear(&mut self) {
        self.memory.truncate(self.reserved);
        self.blocks.clear();
        self.index.clear();
        self.entries.clear();
        self.young.clear();
        self.pages.clear();
        self.exits.clear();
        self.ops.clear();
        self.jumps.forget_blocks();
        self.epoch = self.epoch.wrapping_add(1).max(1);
    }
}
