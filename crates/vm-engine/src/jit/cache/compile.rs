//! From a block's IR to code in its place.

use std::{num::NonZeroU32, sync::Arc};

use vm_core::GuestPhysAddr;
use vm_cross_arch::{
    host::{
        Backend, Native,
        contract::{Exit, HostCode, Request},
    },
    ir::Block,
};

use super::{ExitSite, HostBlock, HostCache, Id, OpSite, Target};
use crate::cache::{Code, Origin};

impl HostCache {
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
        let start = region.allocate(host.bytes.len() + self.space.veneer_room(&host))?;
        self.space.install(start, &host, region)?;
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
        let mut veneer = start + host.bytes.len() as u32;
        region.exits.extend(host.exits.iter().map(|exit| ExitSite {
            block: id,
            exit: Exit {
                jump: start + exit.jump,
                stub: start + exit.stub,
                guard: exit.guard.map(|guard| start + guard),
                target: exit.target,
            },
            transfer: None,
            veneer: if self.space.may_need_veneer(host, exit) {
                let own = NonZeroU32::new(veneer);
                veneer += Native::VENEER_BYTES as u32;
                own
            } else {
                None
            },
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
}
