//! The loop that runs a vCPU.

use std::{sync::Arc, time::Instant};

use vm_core::{AccessKind, GuestPhysAddr, PAGE_SIZE};
use vm_cross_arch::{
    guest::{Isa, IsaContext},
    ir::{Block, Slot, fixed},
    passes,
};

use super::{
    Core, VcpuExit, VcpuStats, breakpoints::Breakpoints, control::Running, exit_request, serve,
    tiered::Tier1,
};
use crate::{
    cache::{Code, JumpCache, JumpKey, MAX_SOURCE, Mapping, Origin},
    guest::{Exception, Guest, HelperCall, Outcome},
    interp::{self, Fault, Next, Program},
    memory,
    observe::{BlockTracer, CodeListener},
    os::thread_cpu_ns,
    vcpu::{MachineShared, VcpuControl},
};

/// Guest instructions per block, at most.
const MAX_BLOCK_INSNS: u16 = 64;

/// One virtual CPU.
pub struct TranslatedVcpu<G: Guest> {
    /// The architecture-neutral state.
    pub core: Core,
    /// The guest architecture's state.
    pub guest: G,
    /// Virtual address of the next instruction.
    pub pc: u64,
    pub(super) jump_cache: JumpCache<G::Isa>,
    /// What the jump cache is asked with; follows `core` and `guest`.
    pub(super) jump_key: JumpKey,
    pub(super) max_block_insns: u16,
    pub(super) tier1: Option<Box<Tier1>>,
    /// What no other part of the vCPU counts itself.
    pub(super) stats: VcpuStats,
    pub(super) tracer: Option<Arc<dyn BlockTracer>>,
    pub(super) listener: Option<Arc<dyn CodeListener>>,
    pub(super) breakpoints: Breakpoints,
    /// Each block comes back to the loop: there is a tracer, or there are breakpoints.
    pub(super) watched: bool,
    /// Instructions retired at which [`run_for`](Self::run_for) ends; `None`
    /// also once no further block fits.
    pub(super) limit: Option<u64>,
}

impl<G: Guest> TranslatedVcpu<G> {
    /// A vCPU that will start at virtual address `pc`.
    pub fn new(
        index: usize,
        control: Arc<VcpuControl>,
        machine: Arc<MachineShared>,
        guest: G,
        pc: u64,
    ) -> Self {
        let core = Core::new(index, control, machine);
        Self {
            core,
            guest,
            pc,
            jump_cache: JumpCache::default(),
            jump_key: JumpKey::NONE,
            max_block_insns: MAX_BLOCK_INSNS,
            tier1: None,
            stats: VcpuStats::default(),
            tracer: None,
            listener: None,
            breakpoints: Breakpoints::default(),
            watched: false,
            limit: None,
        }
    }

    /// Limits blocks to `insns` guest instructions, 1 to 64 (the default). To
    /// be set before any vCPU of the machine runs: they share their blocks.
    pub fn set_max_block_insns(&mut self, insns: u16) {
        self.max_block_insns = insns.clamp(1, MAX_BLOCK_INSNS);
    }

    /// Runs until the machine stops or the guest asks for a power event.
    pub fn run(&mut self) -> VcpuExit {
        self.counted(Self::run_loop)
    }

    /// Does `work` in the vCPU's loop and adds what it takes to the statistics.
    pub(super) fn counted<R>(&mut self, work: impl FnOnce(&mut Self) -> R) -> R {
        let _running = self.begin();
        let (retired, cpu_ns) = (self.core.retired, thread_cpu_ns());
        let result = work(self);
        self.stats.instructions += self.core.retired.wrapping_sub(retired);
        self.stats.cpu_ns += thread_cpu_ns().saturating_sub(cpu_ns);
        result
    }

    fn run_loop(&mut self) -> VcpuExit {
        if let Some(exit) = self.leave_breakpoint() {
            return exit;
        }
        while self.watched {
            if let Some(exit) = self.run_some_watched() {
                return exit;
            }
        }
        loop {
            if let Some(exit) = self.run_some() {
                return exit;
            }
        }
    }

    /// Runs exactly `insns` guest instructions, unless it has to end before as
    /// [`run`](Self::run) would: only then `Some`. To enter a handler takes none.
    pub fn run_for(&mut self, insns: u64) -> Option<VcpuExit> {
        self.counted(|vcpu| vcpu.run_to_limit(insns))
    }

    fn run_to_limit(&mut self, insns: u64) -> Option<VcpuExit> {
        let end = self.core.retired.saturating_add(insns);
        let left = |vcpu: &Self| end.saturating_sub(vcpu.core.retired);
        self.limit = Some(end);
        let mut exit = None;
        while exit.is_none() && self.limit.is_some() && left(self) >= self.max_block_insns.into() {
            exit = self.run_some();
        }
        self.limit = None;
        // What is left is less than a block.
        let single = left(self);
        while exit.is_none() && left(self) != 0 {
            exit = self.attend_if_wanted().or_else(|| self.run_instruction());
        }
        if self.tier1.is_some() {
            self.stats.tier0.retired += single - left(self);
        }
        exit
    }

    /// Runs one block in tier 0, or enters the handler of one exception.
    pub fn step(&mut self) -> Option<VcpuExit> {
        let _running = self.begin();
        self.attend_if_wanted().or_else(|| self.run_block())
    }

    fn begin(&mut self) -> Running {
        let running = self.core.control.enter();
        // Whatever was pending or restored before this thread ran counts.
        self.core.control.request_exit(exit_request::INTERRUPT);
        self.state_changed();
        running
    }

    /// Runs blocks or attends to something; returns only to leave the loop.
    #[inline(always)]
    fn run_some(&mut self) -> Option<VcpuExit> {
        let exit = self.attend_if_wanted();
        if exit.is_some() {
            exit
        } else if self.tier1.is_some() {
            self.run_tiered()
        } else {
            self.run_block()
        }
    }

    #[inline(always)]
    pub(super) fn attend_if_wanted(&mut self) -> Option<VcpuExit> {
        if self.core.control.exit_requests() != 0 {
            self.attend()
        } else {
            None
        }
    }

    /// Runs one block; returns only to leave the loop.
    #[inline(always)]
    pub(super) fn run_block(&mut self) -> Option<VcpuExit> {
        let pc = self.pc;
        let code = match self.jump_cache.get(pc, self.jump_key) {
            Some(code) => code,
            None => match self.find_block() {
                Ok((code, mapping)) => self.jump_cache.insert(pc, self.jump_key, mapping, code),
                Err(exception) => {
                    self.raise(pc, exception);
                    return None;
                }
            },
        };
        code.count_execution();
        let end = execute(&mut self.core, &mut self.guest, pc, &code.program);
        self.conclude(end)
    }

    /// Runs one instruction in tier 0, by itself.
    #[cold]
    pub(super) fn run_instruction(&mut self) -> Option<VcpuExit> {
        let pc = self.pc;
        match self.find_unshared_block() {
            Ok((code, _)) => {
                let end = execute(&mut self.core, &mut self.guest, pc, &code.program);
                self.conclude(end)
            }
            Err(exception) => {
                self.raise(pc, exception);
                None
            }
        }
    }

    /// Goes on after a block.
    #[inline(always)]
    fn conclude(&mut self, end: BlockEnd) -> Option<VcpuExit> {
        match end {
            BlockEnd::Jump(target) => self.pc = target,
            BlockEnd::Helper { call, dst, before } => return self.run_helper(&call, dst, before),
            BlockEnd::Fault { pc, exception } => self.raise(pc, exception),
        }
        debug_assert!(
            !self.core.jump_flush.is_pending(),
            "only terminating helpers and requests change translations"
        );
        None
    }

    /// Runs a terminator's helper, `before` instructions into its block.
    pub(crate) fn run_helper(
        &mut self,
        call: &HelperCall,
        dst: Option<Slot>,
        before: u16,
    ) -> Option<VcpuExit> {
        self.core.retired = self.core.retired.wrapping_add(before.into());
        let outcome = self.guest.helper(&mut self.core, call);
        let mut exit = None;
        match outcome {
            Ok(outcome) => {
                self.core.retired = self.core.retired.wrapping_add(1);
                self.pc = call.next;
                match outcome {
                    Outcome::Value(value) => {
                        if let Some(dst) = dst {
                            self.core.set(dst, value);
                        }
                    }
                    Outcome::Jump(target) => self.pc = target,
                    Outcome::Again => {
                        self.core.retired = self.core.retired.wrapping_sub(1);
                        self.pc = call.pc;
                    }
                    Outcome::Halt => {
                        self.halt();
                        if let Some(pc) = self.guest.woken(&mut self.core) {
                            self.pc = pc;
                        }
                    }
                    Outcome::Exit(reason) => exit = Some(reason),
                }
            }
            Err(exception) => self.raise(call.pc, exception),
        }
        self.state_changed();
        self.take_interrupt();
        exit
    }

    /// Enters the handler of an exception.
    pub(crate) fn raise(&mut self, pc: u64, exception: Exception) {
        self.core.clear_reservation();
        self.pc = self.guest.raise(&mut self.core, pc, exception);
        self.state_changed();
    }

    fn take_interrupt(&mut self) {
        if let Some(handler) = self.guest.take_interrupt(&mut self.core, self.pc) {
            self.core.clear_reservation();
            self.pc = handler;
            self.state_changed();
        }
    }

    /// Sleeps until an interrupt is pending, or the vCPU is to stop.
    /// Does meanwhile what others ask for, without the guest waking up.
    fn halt(&mut self) {
        let control = Arc::clone(&self.core.control);
        loop {
            self.serve_requests();
            // Lines count, not that one of them rose.
            control.take_exit_requests(exit_request::INTERRUPT);
            let (guest, core) = (&self.guest, &self.core);
            let wake = || guest.wake_pending(core);
            control.sleep_until(wake);
            if wake() || control.has(exit_request::STOP) {
                break;
            }
        }
    }

    /// To be called whenever privilege, address space or context may have changed.
    pub(super) fn state_changed(&mut self) {
        self.jump_key = JumpKey {
            space: self.core.fetch_space,
            context: self.guest.context().key(),
        };
        let flushed = self.core.jump_flush.is_pending();
        if flushed {
            let flush = std::mem::take(&mut self.core.jump_flush);
            self.jump_cache.flush(&flush);
            self.flush_tier1(&flush);
        }
        self.refresh_tier1(flushed);
    }

    /// Does what other threads asked for; returns only to leave the loop.
    #[cold]
    fn attend(&mut self) -> Option<VcpuExit> {
        let control = Arc::clone(&self.core.control);
        loop {
            if control.has(exit_request::STOP) {
                return Some(VcpuExit::Stopped);
            }
            if self.serve_requests() {
                continue;
            }
            control.take_exit_requests(exit_request::INTERRUPT);
            if !control.awaits_start() {
                break;
            }
            control.sleep_until(|| false);
        }
        self.state_changed();
        self.take_interrupt();
        None
    }

    /// Does what other threads have asked of the vCPU; tells whether that was
    /// anything. For a vCPU without a thread, before its state is looked at.
    pub fn serve_requests(&mut self) -> bool {
        let (asked, begin) = serve(&mut self.core, &mut self.guest);
        if let Some(pc) = begin {
            self.pc = pc;
        }
        asked
    }

    /// The block at `self.pc`: from the shared cache, else translated now.
    #[cold]
    pub(super) fn find_block(&mut self) -> Result<(Arc<Code>, Mapping), Exception> {
        let Self {
            core,
            guest,
            pc,
            jump_key,
            max_block_insns,
            stats,
            ..
        } = self;
        let fill = memory::fetch_fill(core, guest, *pc)?;
        if !fill.cacheable {
            return self.find_unshared_block();
        }
        let (addr, mapping) = (memory::physical(&fill.entry, *pc), Mapping::of(&fill.entry));
        let machine = Arc::clone(&core.machine);
        let ticket = match machine.blocks.get(&machine.ram, addr, jump_key.context) {
            Ok(code) => return Ok((code, mapping)),
            Err(ticket) => ticket,
        };
        let epoch = machine.blocks.epoch();
        const { assert!(G::Isa::MAX_BLOCK_BYTES <= MAX_SOURCE) };
        let in_page = PAGE_SIZE - addr.page_offset();
        let in_page = in_page.min(G::Isa::MAX_BLOCK_BYTES as u64) as usize;
        let mut bytes = [0; MAX_SOURCE];
        let bytes = &mut bytes[..in_page];
        if machine.ram.read(addr, bytes).is_err() {
            return Err(guest.access_fault(*pc, AccessKind::Execute));
        }
        let begin = Instant::now();
        let context = jump_key.context;
        let lift_context = IsaContext::from_key(context);
        let Some(block) = G::Isa::lift(lift_context, bytes, *max_block_insns) else {
            return self.find_unshared_block();
        };
        let code = translated::<G>(block, bytes, epoch, Origin::Shared { addr, context });
        stats.tier0.count(&code, begin);
        mark_code(core, addr, code.bytes());
        let blocks = &machine.blocks;
        // If that drops all code, others must not fence before they hear of it.
        let _pending = machine.ram.begin_write();
        if blocks.insert(&machine.ram, addr, context, &code, ticket) {
            core.code_dropped(u64::MAX);
        }
        self.tell_translated(&code);
        Ok((code, mapping))
    }

    /// The one-instruction block at `self.pc`, each [parcel](Isa::FETCH) of which is
    /// translated by itself: the instruction crosses into another page, or
    /// physical protection ends within this one. Not shared, because it
    /// depends on more than its physical address.
    fn find_unshared_block(&mut self) -> Result<(Arc<Code>, Mapping), Exception> {
        let Self {
            core,
            guest,
            pc,
            jump_key,
            stats,
            ..
        } = self;
        let context = jump_key.context;
        let begin = Instant::now();
        let machine = Arc::clone(&core.machine);
        let epoch = machine.blocks.epoch();
        let parcel_bytes = G::Isa::FETCH.bytes() as usize;
        let mut bytes = Vec::with_capacity(G::Isa::MAX_INSN_BYTES);
        let mut parcels = Vec::with_capacity(G::Isa::MAX_INSN_BYTES / parcel_bytes);
        let mut mapping: Option<Mapping> = None;
        while bytes.len() < G::Isa::MAX_INSN_BYTES {
            let va = pc.wrapping_add(bytes.len() as u64);
            let entry = memory::fetch_fill(core, guest, va)?.entry;
            let addr = memory::physical(&entry, va);
            let ticket = machine.blocks.ticket(addr.page());
            let Some(parcel) = machine.ram.load(addr, G::Isa::FETCH) else {
                return Err(guest.access_fault(va, AccessKind::Execute));
            };
            parcels.push((addr, ticket));
            bytes.extend(&parcel.to_le_bytes()[..parcel_bytes]);
            let here = Mapping::of(&entry);
            let here = mapping.map_or(here, |before| before.and(here));
            mapping = Some(here);
            if let Some(block) = G::Isa::lift(IsaContext::from_key(context), &bytes, 1) {
                let ends = parcels.first().zip(parcels.last());
                let (first, last) = ends.map_or((addr, addr), |(first, last)| (first.0, last.0));
                let origin = Origin::Private {
                    first,
                    last,
                    context,
                };
                let code = translated::<G>(block, &bytes, epoch, origin);
                stats.tier0.count(&code, begin);
                for (start, (addr, ticket)) in (0..).step_by(parcel_bytes).zip(parcels) {
                    mark_code(core, addr, parcel_bytes as u64);
                    let part = (start, parcel_bytes);
                    machine
                        .blocks
                        .watch(&machine.ram, addr, part, &code, ticket);
                }
                self.tell_translated(&code);
                return Ok((code, here));
            }
        }
        Err(guest.access_fault(*pc, AccessKind::Execute))
    }
}

/// How a block in tier 0 has ended.
enum BlockEnd {
    /// The guest goes on at this virtual address.
    Jump(u64),
    /// A helper is to be called, `before` instructions into the block.
    Helper {
        call: HelperCall,
        dst: Option<Slot>,
        before: u16,
    },
    /// The instruction at `pc` has faulted.
    Fault { pc: u64, exception: Exception },
}

/// Interprets a block at virtual address `pc` and counts what has retired.
#[inline(always)]
fn execute<G: Guest>(core: &mut Core, guest: &mut G, pc: u64, program: &Program) -> BlockEnd {
    core.set(fixed::PC, pc);
    let (retired, end) = match interp::run(core, guest, program) {
        Ok(Next::Jump(target)) => (program.insns, BlockEnd::Jump(target)),
        Ok(Next::Exit { target, retired }) => (retired, BlockEnd::Jump(target)),
        Ok(Next::Helper {
            helper,
            dst,
            args,
            next,
        }) => {
            let last = program.last();
            let call = HelperCall {
                id: helper,
                args,
                pc: pc.wrapping_add(last.offset.into()),
                next,
            };
            let before = last.number;
            return BlockEnd::Helper { call, dst, before };
        }
        Err(Fault { op, exception }) => {
            let position = program.position(op);
            let pc = pc.wrapping_add(position.offset.into());
            (position.number, BlockEnd::Fault { pc, exception })
        }
    };
    core.retired = core.retired.wrapping_add(retired.into());
    end
}

/// Marks code and withdraws direct writes to its page.
fn mark_code(core: &mut Core, addr: GuestPhysAddr, bytes: u64) {
    if core.machine.mark_code(core.index, addr, bytes) {
        core.forbid_direct_writes(addr.page());
    }
}

fn translated<G: Guest>(mut block: Block, bytes: &[u8], epoch: u64, origin: Origin) -> Arc<Code> {
    passes::optimize(&mut block, G::Isa::INFO);
    let source = bytes.get(..block.bytes.into()).unwrap_or(bytes);
    Arc::new(Code::new(
        interp::lower(&block),
        source.into(),
        epoch,
        origin,
    ))
}
