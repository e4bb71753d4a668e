//! A vCPU that is watched: see [`observe`](crate::observe).

use std::{
    ops::{ControlFlow, Range},
    sync::Arc,
};

use vm_cross_arch::guest::Isa;

use super::{TranslatedVcpu, VcpuExit};
use crate::{
    cache::Code,
    guest::Guest,
    observe::{BlockEntry, BlockTracer, CodeListener, HostCodeKind, Tier},
};

impl<G: Guest> TranslatedVcpu<G> {
    /// Tells `listener` of all blocks that the vCPU translates, and of all code that
    /// the engine has and will generate; to be called after
    /// [`set_engine`](Self::set_engine), before the vCPU runs.
    pub fn set_code_listener(&mut self, listener: Arc<dyn CodeListener>) {
        if let Some(tier1) = &mut self.tier1 {
            for (name, host) in tier1.cache.runtime_parts() {
                listener.code_made(host, HostCodeKind::Runtime(&name));
            }
        }
        self.listener = Some(listener);
    }

    /// Tells the listener of code that was made at `host`.
    pub(super) fn tell(&self, host: Range<usize>, kind: HostCodeKind<'_>) {
        if let Some(listener) = &self.listener
            && !host.is_empty()
        {
            listener.code_made(host, kind);
        }
    }

    /// Tells the listener of a block that was translated for tier 0.
    pub(super) fn tell_translated(&self, code: &Code) {
        if let Some(listener) = &self.listener {
            let insns: Vec<_> = code.program.instructions().collect();
            listener.translated(code.source(), &insns);
        }
    }

    /// Tells `tracer` of every block that runs; to be called before the vCPU
    /// runs. Blocks are not linked then, and each one comes back to the engine.
    pub fn set_tracer(&mut self, tracer: Arc<dyn BlockTracer>) {
        self.tracer = Some(tracer);
        self.watch();
    }

    /// Notes whether anybody watches.
    pub(super) fn watch(&mut self) {
        self.watched = self.tracer.is_some() || self.breakpoints.are_set();
    }

    /// Runs blocks or attends to something, as the loop does that is not watched.
    pub(super) fn run_some_watched(&mut self) -> Option<VcpuExit> {
        let exit = self.attend_if_wanted();
        if exit.is_some() {
            return exit;
        }
        if self.breakpoints.are_set()
            && let ControlFlow::Break(exit) = self.heed_breakpoints()
        {
            return exit;
        }
        if self.find_host().is_some() {
            self.run_tiered()
        } else if self.trace_tier0() {
            self.run_block_counted()
        } else {
            None
        }
    }

    /// Announces the block at `self.pc`; false if there is none: then its
    /// exception was raised.
    fn trace_tier0(&mut self) -> bool {
        let code = self.find_cached();
        if let Some(code) = &code {
            self.trace(Tier::Interpreter, code);
        }
        code.is_some()
    }

    /// The block at `self.pc`, which is the next one that the caches have there; `None` if
    /// there is none: then its exception was raised.
    pub(super) fn find_cached(&mut self) -> Option<Arc<Code>> {
        let cached = self.jump_cache.get_mapped(self.pc, self.jump_key);
        let cached = cached.map(|(code, _)| Arc::clone(code));
        cached.or_else(|| self.find_and_cache())
    }

    fn find_and_cache(&mut self) -> Option<Arc<Code>> {
        match self.find_block() {
            Ok((code, mapping)) => {
                let cached = Arc::clone(&code);
                self.jump_cache
                    .insert(self.pc, self.jump_key, mapping, cached);
                Some(code)
            }
            Err(exception) => {
                self.raise(self.pc, exception);
                None
            }
        }
    }

    /// If the vCPU is watched, announces the block whose generated code at `host`
    /// will run next, and sees to it that the one after it does not run unseen.
    #[inline]
    pub(super) fn trace_tier1(&mut self, host: usize) {
        if self.watched {
            self.trace_host(host);
        }
    }

    #[cold]
    fn trace_host(&mut self, host: usize) {
        self.count_instructions();
        let tier1 = self.tier1.as_ref();
        let code = tier1.and_then(|tier1| tier1.cache.code_at(host)).cloned();
        if let Some(code) = code {
            self.trace(Tier::Jit, &code);
            // Whatever indirect jump it ends with, the next block looks around first.
            self.core.jit.grant(code.program.insns.into());
        }
    }

    fn trace(&self, tier: Tier, code: &Code) {
        if let Some(tracer) = &self.tracer {
            tracer.enters(&BlockEntry {
                vcpu: self.core.index,
                retired: self.core.retired,
                mode: self.guest.mode(),
                pc: self.pc,
                tier,
                code,
                disassemble: G::Isa::disassemble,
            });
        }
    }
}
