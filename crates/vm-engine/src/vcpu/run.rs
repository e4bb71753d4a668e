//! The loop that runs a vCPU.

use std::sync::Arc;

use vm_core::{AccessKind, AccessSize, PAGE_SIZE};
use vm_cross_arch::{
    ir::{Block, Slot, fixed},
    passes,
};

use super::{Core, VcpuExit, VcpuRequest, attention};
use crate::{
    cache::{Code, JumpCache, JumpKey, MAX_SOURCE, Mapping},
    guest::{Exception, Guest, HelperCall, Outcome},
    interp::{self, Fault, Next},
    memory,
    vcpu::{MachineShared, VcpuControl},
};

/// Guest instructions per block, at most.
const MAX_BLOCK_INSNS: u16 = 64;

/// One virtual CPU.
pub struct Vcpu<G: Guest> {
    /// The architecture-neutral state.
    pub core: Core,
    /// The guest architecture's state.
    pub guest: G,
    /// Virtual address of the next instruction.
    pub pc: u64,
    jump_cache: JumpCache,
    /// What the jump cache is asked with; follows `core` and `guest`.
    jump_key: JumpKey,
}

impl<G: Guest> Vcpu<G> {
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
        }
    }

    /// Runs until the machine stops or the guest asks for a power event.
    pub fn run(&mut self) -> VcpuExit {
        let _running = self.core.control.enter();
        // Whatever was pending or restored before this thread ran counts.
        self.core.control.raise_attention(attention::INTERRUPT);
        self.state_changed();
        loop {
            if self.core.control.attention() != 0
                && let Some(exit) = self.attend()
            {
                return exit;
            }
            if let Some(exit) = self.run_block() {
                return exit;
            }
        }
    }

    /// Runs one block; returns only to leave the loop.
    #[inline(always)]
    fn run_block(&mut self) -> Option<VcpuExit> {
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
        self.core.set(fixed::PC, pc);
        match interp::run(&mut self.core, &mut self.guest, &code.program) {
            Ok(Next::Jump(target)) => {
                self.core.retired = self.core.retired.wrapping_add(code.program.insns.into());
                self.pc = target;
            }
            Ok(Next::Helper {
                helper,
                dst,
                args,
                next,
            }) => {
                let last = code.program.last();
                let call = HelperCall {
                    id: helper,
                    args,
                    pc: pc.wrapping_add(last.offset.into()),
                    next,
                };
                return self.run_helper(&call, dst, last.number);
            }
            Err(Fault { op, exception }) => {
                let position = code.program.position(op);
                self.core.retired = self.core.retired.wrapping_add(position.number.into());
                self.raise(pc.wrapping_add(position.offset.into()), exception);
            }
        }
        if self.core.jump_flush.is_pending() {
            self.flush_jump_cache();
        }
        None
    }

    /// Runs a terminator's helper, `before` instructions into its block.
    fn run_helper(
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
                    Outcome::Wait => self.wait(),
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
    fn raise(&mut self, pc: u64, exception: Exception) {
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

    /// Sleeps until an interrupt is pending or attention is needed.
    fn wait(&mut self) {
        let (guest, core) = (&self.guest, &self.core);
        core.control.sleep_until(|| guest.wake_pending(core));
    }

    /// To be called whenever privilege, address space or context may have changed.
    fn state_changed(&mut self) {
        self.jump_key = JumpKey {
            space: self.core.fetch_space,
            context: self.guest.context(),
        };
        if self.core.jump_flush.is_pending() {
            self.flush_jump_cache();
        }
    }

    fn flush_jump_cache(&mut self) {
        let flush = std::mem::take(&mut self.core.jump_flush);
        self.jump_cache.flush(&flush);
    }

    /// Does what other threads asked for; returns only to leave the loop.
    #[cold]
    fn attend(&mut self) -> Option<VcpuExit> {
        let control = Arc::clone(&self.core.control);
        loop {
            let wanted = control.attention();
            if wanted & attention::STOP != 0 {
                return Some(VcpuExit::Stopped);
            } else if control.take_attention(attention::REQUEST) != 0 {
                self.serve_requests();
            } else if wanted & attention::PAUSE != 0 {
                control.park();
            } else {
                control.take_attention(attention::INTERRUPT);
                if control.is_halted() {
                    control.sleep_until(|| false);
                } else if control.unpark() {
                    break;
                }
            }
        }
        self.state_changed();
        self.take_interrupt();
        None
    }

    fn serve_requests(&mut self) {
        for request in self.core.control.take_requests() {
            match request {
                VcpuRequest::DropWrites { page } => self.core.tlb.forbid_direct_writes(page),
                VcpuRequest::FlushJumpCache => self.core.jump_flush.all(),
                VcpuRequest::SyncInstructions => {
                    self.core.machine.blocks.sync();
                    self.core.jump_flush.all();
                }
                VcpuRequest::Notify(completion) => completion.complete(),
                VcpuRequest::Start { .. } => {
                    if let Some(pc) = self.guest.start(&mut self.core, &request) {
                        self.pc = pc;
                        self.core.control.set_halted(false);
                    }
                }
                VcpuRequest::FlushTlb { .. } => self.guest.request(&mut self.core, request),
            }
        }
    }

    /// The block at `self.pc`: from the shared cache, else translated now.
    #[cold]
    fn find_block(&mut self) -> Result<(Arc<Code>, Mapping), Exception> {
        let Self {
            core,
            guest,
            pc,
            jump_key,
            ..
        } = self;
        let entry = memory::translate(core, guest, *pc, AccessSize::Half, AccessKind::Execute)?;
        let addr = memory::physical(&entry, *pc);
        let mapping = Mapping::of(&entry);
        let machine = Arc::clone(&core.machine);
        if let Some(code) = machine.blocks.get(&machine.ram, addr, jump_key.context) {
            return Ok((code, mapping));
        }
        mark_code(core, addr.page());
        let epoch = machine.blocks.epoch();
        let in_page = (PAGE_SIZE - addr.page_offset()).min(MAX_SOURCE as u64) as usize;
        let mut bytes = [0; MAX_SOURCE];
        let bytes = &mut bytes[..in_page];
        if machine.ram.read(addr, bytes).is_err() {
            return Err(guest.access_fault(*pc, AccessKind::Execute));
        }
        match guest.lift(bytes, MAX_BLOCK_INSNS) {
            Some(block) => {
                let code = translated(block, bytes, epoch);
                machine
                    .blocks
                    .insert(addr, jump_key.context, Arc::clone(&code));
                Ok((code, mapping))
            }
            None => self.find_crossing_block(mapping, bytes.len()),
        }
    }

    /// The one-instruction block at `self.pc` whose instruction starts in the
    /// last `available` bytes of a page. Not shared: its second page depends
    /// on the address space.
    fn find_crossing_block(
        &mut self,
        mut mapping: Mapping,
        available: usize,
    ) -> Result<(Arc<Code>, Mapping), Exception> {
        let Self {
            core, guest, pc, ..
        } = self;
        let epoch = core.machine.blocks.epoch();
        let mut bytes = vec![0; G::MAX_INSN_BYTES];
        let (first, second) = bytes.split_at_mut(available.min(G::MAX_INSN_BYTES));
        for (part, va) in [(first, *pc), (second, pc.wrapping_add(available as u64))] {
            let entry = memory::translate(core, guest, va, AccessSize::Half, AccessKind::Execute)?;
            mapping = mapping.and(Mapping::of(&entry));
            mark_code(core, entry.ppn);
            let addr = memory::physical(&entry, va);
            if core.machine.ram.read(addr, part).is_err() {
                return Err(guest.access_fault(va, AccessKind::Execute));
            }
        }
        match guest.lift(&bytes, 1) {
            Some(block) => Ok((translated(block, &bytes, epoch), mapping)),
            None => Err(guest.access_fault(*pc, AccessKind::Execute)),
        }
    }
}

/// Marks a page as holding code and withdraws direct writes to it.
fn mark_code(core: &mut Core, page: u64) {
    if core.machine.blocks.mark_code(page) {
        core.tlb.forbid_direct_writes(page);
        core.machine
            .broadcast(core.index, &VcpuRequest::DropWrites { page });
    }
}

fn translated(mut block: Block, bytes: &[u8], epoch: u64) -> Arc<Code> {
    passes::optimize(&mut block);
    let source = bytes.get(..block.bytes.into()).unwrap_or(bytes);
    Arc::new(Code::new(interp::lower(&block), source.into(), epoch))
}
