//! Running generated code, and finding it.

use std::{io, sync::Arc, time::Instant};

use vm_core::{AccessKind, PAGE_SHIFT};
use vm_cross_arch::{
    guest::{Isa, IsaContext},
    host::contract::AccessSite,
    ir::{Block, fixed},
    passes,
};
use vm_optimizers::TierPolicy;

use super::{TranslatedVcpu, VcpuExit};
use crate::{
    cache::{Code, JumpFlush, JumpKey, Mapping, Origin},
    guest::{Exception, Guest},
    jit::{self, BUDGET, HostCache, OpSite, Processor, Target, View},
    memory,
    observe::HostCodeKind,
};

/// Tier 1 of a vCPU, and when it is used.
pub(super) struct Tier1 {
    pub(super) cache: HostCache,
    policy: TierPolicy,
    /// What the tables in use were chosen by.
    seen: Option<(View, JumpKey)>,
    /// Why the guest left generated code, if not for tier 0.
    exit: Option<VcpuExit>,
}

/// How a vCPU executes its guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Engine {
    /// All blocks are interpreted.
    Interpreter,
    /// Blocks that are worth it are compiled to host code.
    Jit(TierPolicy),
}

impl Default for Engine {
    /// The JIT where there is a back-end for this host.
    fn default() -> Self {
        if jit::SUPPORTED {
            Self::Jit(TierPolicy::default())
        } else {
            Self::Interpreter
        }
    }
}

impl<G: Guest> TranslatedVcpu<G> {
    /// Chooses how the guest is executed; to be called before it runs.
    ///
    /// # Errors
    /// If the host has no memory for code, there is no back-end for it, or the
    /// policy's code size is out of its range.
    pub fn set_engine(&mut self, engine: Engine) -> io::Result<()> {
        self.set_engine_for(engine, Processor::of_host())
    }

    /// The same, with code as for a processor that can do no more than `processor`:
    /// tests run on one that can do more. What this one cannot do is not used.
    ///
    /// # Errors
    /// As for [`set_engine`](Self::set_engine).
    pub fn set_engine_for(&mut self, engine: Engine, processor: Processor) -> io::Result<()> {
        self.tier1 = match engine {
            Engine::Interpreter => None,
            Engine::Jit(_) if !jit::SUPPORTED => {
                return Err(io::Error::from(io::ErrorKind::Unsupported));
            }
            Engine::Jit(policy) => {
                if !jit::CODE_RANGE.contains(&policy.code_bytes) {
                    return Err(io::Error::from(io::ErrorKind::InvalidInput));
                }
                let shared = self.core.machine.vcpus().len() > 1;
                let (callbacks, size) = (jit::callbacks::<G>(), policy.code_bytes);
                let processor = processor.common(Processor::of_host());
                let cache = HostCache::new(size, &callbacks, G::Isa::SHAPE, processor, shared)?;
                Some(Box::new(Tier1 {
                    cache,
                    policy,
                    seen: None,
                    exit: None,
                }))
            }
        };
        Ok(())
    }

    /// Runs generated code, or one block in tier 0.
    pub(super) fn run_tiered(&mut self) -> Option<VcpuExit> {
        let Some(host) = self.find_host() else {
            let exit = self.run_block_counted();
            self.drop_code();
            return exit;
        };
        if self.limit.is_some() {
            self.grant();
        }
        self.trace_tier1(host);
        let enter = self.tier1.as_ref()?.cache.enter();
        jit::enter(self, enter, host);
        self.count_instructions();
        let flags = self.core.jit.take_fp_flags();
        self.accrue_fp_flags(flags);
        self.tier1.as_mut()?.exit.take()
    }

    /// Runs one block in tier 0, and counts its instructions as that tier's.
    pub(super) fn run_block_counted(&mut self) -> Option<VcpuExit> {
        let retired = self.core.retired;
        let exit = self.run_block();
        self.stats.tier0.retired += self.core.retired.wrapping_sub(retired);
        exit
    }

    /// Brings the count of instructions up to date.
    pub(crate) fn count_instructions(&mut self) {
        let core = &mut self.core;
        core.retired = core.retired.wrapping_add(core.jit.take_retired());
    }

    /// Adds to the guest's floating-point flags.
    pub(crate) fn accrue_fp_flags(&mut self, flags: u64) {
        if flags != 0 {
            let flags = self.core.get(fixed::FP_FLAGS) | flags;
            self.core.set(fixed::FP_FLAGS, flags);
        }
    }

    /// Host code to go on with at `self.pc`: that of the block there, or the
    /// way out of generated code.
    pub(crate) fn dispatch(&mut self) -> usize {
        let go_on = self.core.control.exit_requests() == 0 && !self.is_at_limit();
        let host = if go_on && !self.breakpoints.are_set() {
            self.find_host()
        } else {
            None
        };
        let Some(host) = host else {
            return self.leave();
        };
        self.trace_tier1(host);
        host
    }

    fn leave(&self) -> usize {
        self.tier1.as_ref().map_or(0, |tier1| tier1.cache.leave())
    }

    /// Leaves generated code, and the vCPU's loop for `exit`.
    pub(crate) fn leave_with(&mut self, exit: VcpuExit) -> usize {
        if let Some(tier1) = &mut self.tier1 {
            tier1.exit = Some(exit);
        }
        self.leave()
    }

    /// Looks around after the budget was used up.
    pub(crate) fn poll(&mut self) -> usize {
        self.count_instructions();
        if self.is_limited_to(self.core.jit.budget()) {
            self.limit = None;
            return self.leave();
        }
        self.grant();
        // While it lasts, every store of every other vCPU is slow.
        self.core.clear_reservation();
        self.dispatch()
    }

    /// Allows generated code to run on until it has to look around.
    fn grant(&mut self) {
        let left = self
            .limit
            .map(|limit| limit.saturating_sub(self.core.retired));
        let left = left.and_then(|left| i32::try_from(left).ok());
        self.core.jit.grant(left.unwrap_or(BUDGET).min(BUDGET));
    }

    /// Whether `run_for` lets no more than `insns` instructions run.
    fn is_limited_to(&self, insns: i32) -> bool {
        let insns = u64::try_from(insns).unwrap_or(0);
        let end = self.core.retired.saturating_add(insns);
        self.limit.is_some_and(|limit| limit <= end)
    }

    /// Whether `run_for` lets no more instructions run: then a fetch that faults
    /// is not to be noticed yet.
    fn is_at_limit(&self) -> bool {
        let retired = self.core.retired.wrapping_add(self.core.jit.uncounted());
        self.limit.is_some_and(|limit| limit <= retired)
    }

    /// Forgets where the block at `self.pc` was: it is not there any more.
    pub(crate) fn forget_host(&mut self) {
        if let Some(tier1) = &mut self.tier1 {
            tier1.cache.jumps.remove(self.pc);
        }
    }

    pub(crate) fn host_op(&self, number: u32) -> Option<OpSite> {
        self.tier1.as_ref()?.cache.op(number)
    }

    /// The access of generated code whose call returns to address `caller`.
    pub(crate) fn access_site(&self, caller: usize) -> Option<AccessSite> {
        self.tier1.as_ref()?.cache.access(caller)
    }

    /// Finds where an exit leads and lets it lead there from now on.
    pub(crate) fn link(&mut self, exit: u32) -> usize {
        let from = self.core.jit.context;
        let Some((tier1, (code_pc, target))) = self
            .tier1
            .as_ref()
            .and_then(|tier1| Some((tier1, tier1.cache.exit(exit)?)))
        else {
            return self.leave();
        };
        let epoch = tier1.cache.epoch();
        let start = from.bias.wrapping_add(i64::from(code_pc) as u64);
        self.pc = start.wrapping_add(target as u64);
        let wanted = self.pc;
        let host = self.dispatch();
        let to = self.core.jit.context;
        if let Some(tier1) = &mut self.tier1
            && self.pc == wanted
            && tier1.cache.epoch() == epoch
            && (to.is_global() || !from.is_global())
            && !self.watched
        {
            let made = tier1.cache.link(exit, from, host, to);
            if let Some(made) = made {
                self.tell(made, HostCodeKind::Runtime("transfer"));
            }
        }
        host
    }

    /// Address of the generated code at `self.pc`, if there is or should be
    /// any. Makes its mapping context the current one.
    pub(super) fn find_host(&mut self) -> Option<usize> {
        loop {
            let tier1 = self.tier1.as_deref()?;
            if let Some((host, context)) = tier1.cache.jumps.get(self.pc) {
                self.core.jit.context = context;
                return Some(host);
            }
            if let Some((target, mapping)) = self.find_compiled() {
                return self.enter_at(target, mapping);
            }
            match self.find_warm() {
                Ok(found) => {
                    let (code, mapping) = found?;
                    return self.host_of(&code, mapping);
                }
                Err(exception) => self.raise(self.pc, exception),
            }
            // A handler that is nowhere itself would keep the vCPU in here for ever.
            if self.core.control.exit_requests() != 0 {
                return None;
            }
        }
    }

    /// The generated code at `self.pc` if the TLB knows where that is.
    fn find_compiled(&mut self) -> Option<(Target, Mapping)> {
        let (core, pc) = (&mut self.core, self.pc);
        let accept = core.accept[AccessKind::Execute as usize];
        let entry = core
            .tlb
            .lookup(pc >> PAGE_SHIFT, core.fetch_space, accept)?;
        let addr = memory::physical(&entry, pc);
        let cache = &self.tier1.as_ref()?.cache;
        let target = cache.find_at(addr, self.jump_key.context)?;
        Some((target, Mapping::of(&entry)))
    }

    /// The block at `self.pc` if it has run often enough to be compiled.
    fn find_warm(&mut self) -> Result<Option<(Arc<Code>, Mapping)>, Exception> {
        let policy = self.tier1.as_ref().map(|tier1| tier1.policy);
        // One that was stored to as it was made runs once, in tier 0.
        let is_warm = |code: &Code| {
            !code.is_invalid() && policy.is_some_and(|policy| policy.compiles(code.executions()))
        };
        if let Some((code, mapping)) = self.jump_cache.get_mapped(self.pc, self.jump_key) {
            let warm = is_warm(code);
            return Ok(warm.then(|| (Arc::clone(code), mapping)));
        }
        let (code, mapping) = self.find_block()?;
        let cached = Arc::clone(&code);
        self.jump_cache
            .insert(self.pc, self.jump_key, mapping, cached);
        let warm = is_warm(&code);
        Ok(warm.then_some((code, mapping)))
    }

    /// Address of the generated code of a block at `self.pc`, which is made if
    /// there is none.
    fn host_of(&mut self, code: &Arc<Code>, mapping: Mapping) -> Option<usize> {
        let found = self.tier1.as_mut()?.cache.find(code);
        let target = match found {
            Some(target) => target,
            None => self.compile(code)?,
        };
        self.enter_at(target, mapping)
    }

    /// Makes the mapping context of generated code at `self.pc` the current one.
    fn enter_at(&mut self, target: Target, mapping: Mapping) -> Option<usize> {
        let bias = self.pc.wrapping_sub(i64::from(target.code_pc) as u64);
        let asid = self.core.fetch_space.asid();
        let cache = &mut self.tier1.as_mut()?.cache;
        let context = cache.mapping_context(bias, asid, mapping);
        cache.jumps.insert(self.pc, target.host, context);
        self.core.jit.context = context;
        Some(target.host)
    }

    /// The IR of a block, after all passes: what another vCPU has kept, or made anew.
    fn ir_of(&self, code: &Code, context: <G::Isa as Isa>::Context) -> Option<Block> {
        if let Some(block) = code.ir() {
            return Some(block);
        }
        let (limit, shared) = match code.origin() {
            Origin::Shared { .. } => (self.max_block_insns, self.core.machine.vcpus().len() > 1),
            Origin::Private { .. } => (1, false),
        };
        let mut block = G::Isa::lift(context, code.source(), limit)?;
        passes::optimize(&mut block, G::Isa::INFO);
        if shared {
            code.keep_ir(&block);
        }
        Some(block)
    }

    #[cold]
    fn compile(&mut self, code: &Arc<Code>) -> Option<Target> {
        let begin = Instant::now();
        let context = <G::Isa as Isa>::Context::from_key(code.origin().context());
        let block = self.ir_of(code, context)?;
        let nearest = context.rounds_to_nearest();
        let cache = &mut self.tier1.as_mut()?.cache;
        let before = cache.stats.bytes;
        let target = cache.compile(&block, code, nearest);
        let bytes = (cache.stats.bytes - before) as usize;
        cache.stats.compile_ns += begin.elapsed().as_nanos() as u64;
        if let Some(target) = target {
            let (pc, source) = (self.pc, code.source());
            let host = target.host..target.host + bytes;
            self.tell(host, HostCodeKind::Block { pc, source });
        }
        target
    }

    /// Drops generated code that depends on what has changed.
    pub(super) fn flush_tier1(&mut self, flush: &JumpFlush) {
        let Some(tier1) = self.tier1.as_deref_mut() else {
            return;
        };
        tier1.cache.jumps.flush(flush);
        if flush.is_code() {
            tier1.cache.verify_young(&self.core.machine);
        }
    }

    /// Drops generated code whose source was stored to.
    pub(crate) fn drop_code(&mut self) {
        if self.core.dropped_code.is_empty() {
            return;
        }
        let pages = std::mem::take(&mut self.core.dropped_code);
        if let Some(tier1) = &mut self.tier1 {
            for page in pages {
                match page {
                    u64::MAX => tier1.cache.drop_all_invalid(),
                    page => tier1.cache.drop_invalid(page),
                }
            }
        }
    }

    /// Follows what has changed about address spaces and code.
    #[inline]
    pub(super) fn refresh_tier1(&mut self, flushed: bool) {
        self.drop_code();
        let core = &self.core;
        let view = View::new(core.data_space, core.accept[0], core.accept[1]);
        let seen = Some((view, self.jump_key));
        if let Some(tier1) = &mut self.tier1
            && (flushed || tier1.seen != seen)
        {
            tier1.seen = seen;
            let core = &mut self.core;
            core.jit.tlb = core.short_tlbs.select(view);
            core.jit.jumps = tier1.cache.jumps.select(self.jump_key);
        }
    }
}

#[cfg(test)]
mod tests;
