//! One pass over a block.

use dynasmrt::DynasmApi;

use super::{
    X86_64,
    asm::{Alu, Asm, Cc, Patch},
    cold::Cold,
    regs::{Gpr, Pool, STATE},
    vector::Vectors,
};
use crate::{
    host::{
        contract::{Exit, HostCode, Request, Runtime, RuntimeRef, Site},
        liveness::{self, Needs},
        scratch::{Scratch, Spill},
    },
    ir::{
        Block, Op, Operand, Slot, fixed,
        pairs::{self, Pairs},
    },
};

/// An operand in the form an instruction takes it in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Register(Gpr),
    /// Memory at this distance from the state register.
    Memory(i32),
    Immediate(i32),
}

/// Bytes of code that an op takes, to reserve memory.
const CODE_PER_OP: usize = 24;

/// The block being emitted.
pub(super) struct Emitter<'a> {
    pub(super) asm: Asm,
    pub(super) scratch: Scratch<Pool, 3>,
    pub(super) vectors: Vectors,
    pub(super) cold: Vec<Cold>,
    pub(super) code: HostCode,
    pub(super) backend: &'a X86_64,
    pub(super) request: &'a Request,
    block: &'a Block,
    /// Floating-point state is marked as written already.
    pub(super) fp_dirty: bool,
    /// The guest instruction being emitted: its number, offset and length.
    insn: (u16, u16, u8),
    /// For the `LR` and `SC` to come.
    pub(super) pairs: Pairs,
    /// What is needed of the op being emitted.
    pub(super) needs: Needs,
    /// For general registers, see [`written_at`](Self::written_at).
    written_at: [u16; 64],
}

impl<'a> Emitter<'a> {
    pub(super) fn new(block: &'a Block, request: &'a Request, backend: &'a X86_64) -> Self {
        Self {
            asm: Asm::with_capacity(CODE_PER_OP * (block.ops.len() + 4)),
            scratch: Scratch::default(),
            vectors: Vectors::default(),
            cold: Vec::with_capacity(4 + block.ops.len() / 4),
            code: HostCode {
                runtime: Vec::with_capacity(16),
                ..HostCode::default()
            },
            backend,
            request,
            block,
            fp_dirty: false,
            insn: (0, 0, 0),
            pairs: pairs::find(block),
            needs: Needs::default(),
            written_at: [0; 64],
        }
    }

    /// Emits the block.
    pub(super) fn run(&mut self) -> HostCode {
        self.enter();
        let block = self.block;
        let mut number = 0;
        for (op, needs) in block.ops.iter().zip(liveness::analyze(block)) {
            if let Op::Insn { offset, len } = *op {
                self.insn = (number, offset, len);
                number += 1;
            } else {
                self.settle_flags(|note| op.for_each_operand(note));
                self.needs = needs;
                self.op(op);
                self.end_op(op);
                if op.dst() == Some(fixed::FP_FLAGS) {
                    self.restart_flags();
                }
            }
        }
        self.settle_flags(|note| block.end.for_each_operand(note));
        self.terminator(&block.end);
        self.finish()
    }

    /// Brings the slot of floating-point flags up to date, where it is named:
    /// they accrue in the host's control register.
    fn settle_flags(&mut self, operands: impl FnOnce(&mut dyn FnMut(Operand))) {
        let mut named = false;
        operands(&mut |operand| named |= operand == Operand::Slot(fixed::FP_FLAGS));
        if !named {
            return;
        }
        let layout = self.backend.layout;
        let (control, table) = (layout.fp_control, layout.fp_flags);
        let (_, slot) = self.memory_of(fixed::FP_FLAGS);
        let register = self.temp();
        let (r, state) = (register.0, STATE.0);
        dynasmrt::dynasm!(self.asm.out ; .arch x64
            ; stmxcsr [Rq(state) + control]
            ; mov Rd(r), [Rq(state) + control]
            ; and Rd(r), 0x3f
            ; movzx Rd(r), BYTE [Rq(state) + Rq(r) + table]
            ; or [Rq(state) + slot], Rq(r)
        );
        self.scratch.release(register);
        self.written(fixed::FP_FLAGS);
    }

    /// Has flags accrue anew where their slot was written.
    fn restart_flags(&mut self) {
        let clear = self.backend.layout.fp_clear;
        dynasmrt::dynasm!(self.asm.out ; .arch x64 ; ldmxcsr [Rq(STATE.0) + clear]);
    }

    /// Takes the block's instructions off the budget.
    fn enter(&mut self) {
        let budget = (STATE, self.backend.layout.budget);
        let insns = i32::from(self.block.insns);
        self.asm.alu32_mi(Alu::Sub, budget, insns);
        let patch = self.asm.jcc(Cc::Sign);
        self.cold.push(Cold::Poll { patch, insns });
    }

    /// Ends an op: what nobody reads later is forgotten.
    fn end_op(&mut self, op: &Op) {
        self.scratch.unlock();
        self.vectors.unlock();
        let (needs, dst) = (self.needs, op.dst());
        let mut number = 0;
        op.for_each_operand(|operand| {
            if let Operand::Slot(slot) = operand
                && needs.is_last_use(number)
                && dst != Some(slot)
            {
                self.scratch.forget(slot);
                self.vectors.forget(slot);
            }
            number += 1;
        });
        if let Some(written) = dst.and_then(|dst| self.written_at.get_mut(usize::from(dst.0))) {
            *written = self.insn.1 + 1;
        }
    }

    /// Which instruction of the block gave the slot its value: an offset plus 1,
    /// or 0 if it had that before.
    pub(super) fn written_at(&self, slot: Slot) -> u16 {
        let written = self.written_at.get(usize::from(slot.0));
        written.copied().unwrap_or(self.insn.1 + 1)
    }

    /// Memory of a slot.
    pub(super) fn memory_of(&self, slot: Slot) -> (Gpr, i32) {
        (STATE, self.backend.layout.slots + 8 * i32::from(slot.0))
    }

    /// The host register a slot lives in, if it is global.
    pub(super) fn global(&self, slot: Slot) -> Option<Gpr> {
        self.backend.globals.get(slot)
    }

    /// A scratch register for this op.
    pub(super) fn temp(&mut self) -> Gpr {
        let (register, spill) = self.scratch.allocate();
        self.spill(spill);
        register
    }

    /// This very scratch register for this op.
    pub(super) fn take(&mut self, register: Gpr) {
        let spill = self.scratch.take(register);
        self.spill(spill);
    }

    fn spill(&mut self, spill: Spill<Gpr>) {
        if let Some((slot, register)) = spill {
            let memory = self.memory_of(slot);
            self.asm.store(memory, register);
        }
    }

    /// Writes back what only registers hold.
    pub(super) fn clean(&mut self) {
        for spill in self.scratch.clean() {
            self.spill(spill);
        }
        for entry in self.vectors.clean() {
            self.store_vector(entry);
        }
    }

    /// The register that holds a slot already.
    pub(super) fn resident(&mut self, slot: Slot) -> Option<Gpr> {
        self.global(slot).or_else(|| self.scratch.find(slot))
    }

    /// The operand in a register, which must not be written.
    pub(super) fn read(&mut self, operand: Operand) -> Gpr {
        match operand {
            Operand::Slot(slot) => {
                if let Some(register) = self.resident(slot) {
                    return register;
                }
                let register = self.temp();
                self.load_slot(register, slot);
                if slot != fixed::PC {
                    self.scratch.assign(register, slot, false);
                }
                register
            }
            Operand::Imm(imm) => {
                let register = self.temp();
                self.asm.set_ri(register, imm);
                register
            }
        }
    }

    /// Copies an operand to `register`.
    pub(super) fn copy_to(&mut self, register: Gpr, operand: Operand) {
        match operand {
            Operand::Slot(slot) => match self.resident(slot) {
                Some(from) => self.asm.mov_rr(register, from),
                None => self.load_slot(register, slot),
            },
            Operand::Imm(imm) => self.asm.set_ri(register, imm),
        }
    }

    /// Loads a slot that is in no register.
    fn load_slot(&mut self, register: Gpr, slot: Slot) {
        if slot == fixed::PC {
            self.load_pc(register, 0);
            return;
        }
        self.settle(slot);
        let memory = self.memory_of(slot);
        self.asm.load(register, memory);
    }

    /// `register =` virtual address at `offset` from the block's start.
    pub(super) fn load_pc(&mut self, register: Gpr, offset: i64) {
        let bias = (STATE, self.backend.layout.bias);
        let position = i64::from(self.request.code_pc).wrapping_add(offset);
        match i32::try_from(position) {
            Ok(position) => {
                self.asm.load(register, bias);
                if position != 0 {
                    self.asm.alu_ri(Alu::Add, true, register, position);
                }
            }
            Err(_) => {
                self.asm.mov_ri(register, position);
                self.asm.alu_rm(Alu::Add, true, register, bias);
            }
        }
    }

    /// The operand as an instruction's last operand.
    pub(super) fn source(&mut self, operand: Operand) -> Source {
        match operand {
            Operand::Imm(imm) => match i32::try_from(imm) {
                Ok(imm) => Source::Immediate(imm),
                Err(_) => Source::Register(self.read(operand)),
            },
            Operand::Slot(slot) => match self.resident(slot) {
                Some(register) => Source::Register(register),
                None if slot == fixed::PC => Source::Register(self.read(operand)),
                None => {
                    self.settle(slot);
                    Source::Memory(self.memory_of(slot).1)
                }
            },
        }
    }

    /// `dst op= source`.
    pub(super) fn alu(&mut self, op: Alu, wide: bool, dst: Gpr, source: Source) {
        match source {
            Source::Register(register) => self.asm.alu_rr(op, wide, dst, register),
            Source::Memory(disp) => self.asm.alu_rm(op, wide, dst, (STATE, disp)),
            Source::Immediate(imm) => self.asm.alu_ri(op, wide, dst, imm),
        }
    }

    /// The register to compute the new value of `slot` in.
    pub(super) fn target(&mut self, slot: Slot) -> Gpr {
        match self.global(slot) {
            Some(register) => register,
            None => self.temp(),
        }
    }

    /// Completes a write: the new value of `slot` is in `register`.
    pub(super) fn write(&mut self, slot: Slot, register: Gpr) {
        match self.global(slot) {
            Some(global) => self.asm.mov_rr(global, register),
            None => {
                self.vectors.forget(slot);
                let internal = self.needs.is_internal();
                if !internal {
                    let memory = self.memory_of(slot);
                    self.asm.store(memory, register);
                }
                self.scratch.assign(register, slot, internal);
            }
        }
    }

    /// Notes that a slot's memory has changed.
    pub(super) fn written(&mut self, slot: Slot) {
        self.scratch.forget(slot);
        self.vectors.forget(slot);
    }

    /// Where the current instruction is, for the engine.
    pub(super) fn site(&self) -> (i32, Site) {
        let (number, offset, len) = self.insn;
        let site = Site {
            unretired: self.block.insns - number,
            len,
        };
        let pc = self.request.code_pc.wrapping_add(i32::from(offset));
        (pc, site)
    }

    /// Tells the engine where the current instruction is.
    pub(super) fn store_site(&mut self, (pc, site): (i32, Site)) {
        let layout = &self.backend.layout;
        self.asm.store32_imm((STATE, layout.site_pc), pc);
        self.asm
            .store32_imm((STATE, layout.site), site.pack() as i32);
    }

    /// A jump to a runtime stub.
    pub(super) fn jump_runtime(&mut self, target: Runtime) {
        let patch = self.asm.jmp();
        self.refer(patch, target);
    }

    /// A call of a runtime stub.
    pub(super) fn call_runtime(&mut self, target: Runtime) {
        let patch = self.asm.call();
        self.refer(patch, target);
    }

    pub(super) fn refer(&mut self, patch: Patch, target: Runtime) {
        let at = patch.offset();
        self.code.runtime.push(RuntimeRef { at, target });
    }

    /// Leaves an op to the engine.
    pub(super) fn call_op(&mut self, op: &Op) {
        self.clean();
        self.vectors.clear();
        self.scratch.clear();
        // A helper may take the mark back.
        self.fp_dirty = false;
        let site = self.site();
        self.call_op_at(op, site);
    }

    /// Calls the engine to run an op; all slots are in memory or global.
    pub(super) fn call_op_at(&mut self, op: &Op, site: (i32, Site)) {
        let number = self.request.first_op + self.code.ops.len() as u32;
        self.code.ops.push(*op);
        self.store_site(site);
        let callee = self.backend.layout.callee;
        self.asm.store32_imm((STATE, callee), number as i32);
        self.call_runtime(Runtime::Op);
    }

    /// Makes memory of a slot current.
    pub(super) fn settle(&mut self, slot: Slot) {
        if let Some(entry) = self.vectors.clean_slot(slot) {
            self.store_vector(entry);
        }
    }

    /// Number of an exit to `target`, whose jump is `patch`.
    pub(super) fn add_exit(&mut self, patch: Patch, guard: Option<u32>, target: i64) -> u32 {
        self.code.exits.push(Exit {
            jump: patch.offset(),
            stub: 0,
            guard,
            target,
        });
        self.code.exits.len() as u32 - 1
    }

    /// Takes instructions that a block did not get to off its count.
    pub(super) fn give_back(&mut self, insns: u16) {
        if insns != 0 {
            let budget = (STATE, self.backend.layout.budget);
            self.asm.alu32_mi(Alu::Add, budget, insns.into());
        }
    }

    /// Number of instructions in the block that come after the current one.
    pub(super) fn insns_after(&self) -> u16 {
        self.block.insns - self.insn.0 - 1
    }

    fn finish(&mut self) -> HostCode {
        let cold = std::mem::take(&mut self.cold);
        self.code.accesses.reserve(cold.len());
        for cold in &cold {
            self.emit_cold(cold);
        }
        self.code.stale = self.asm.here();
        let (register, position) = (super::regs::RAX, self.request.code_pc);
        self.asm.mov_ri(register, position.into());
        self.jump_runtime(Runtime::Stale);
        self.code.bytes = self.asm.out.finish();
        std::mem::take(&mut self.code)
    }
}
