//! One pass over a block.

use super::{
    Aarch64,
    asm::{Asm, Patch},
    cold::Cold,
    encode::{Alu, Cc, Imm12},
    regs::{Gpr, Pool, STATE, TEMP, VALUE, ZERO},
};
use crate::{
    host::{
        contract::{Exit, HostCode, Request, Runtime, RuntimeRef, Site},
        liveness::{self, Needs},
        scratch::{Scratch, Spill},
    },
    ir::{Block, Op, Operand, Slot, fixed},
};

/// Bytes of code that an op takes, to reserve memory.
const CODE_PER_OP: usize = 24;
/// Bytes of code that an op takes at most: fewer than so many.
const MOST_CODE_PER_OP: usize = 256;

/// The block being emitted.
pub(super) struct Emitter<'a> {
    pub(super) asm: Asm,
    pub(super) scratch: Scratch<Pool, 6>,
    pub(super) cold: Vec<Cold>,
    pub(super) code: HostCode,
    pub(super) backend: &'a Aarch64,
    pub(super) request: &'a Request,
    block: &'a Block,
    /// Floating-point state is marked as written already.
    pub(super) fp_dirty: bool,
    /// The guest instruction being emitted: its number, offset and length.
    insn: (u16, u16, u8),
    /// What is needed of the op being emitted.
    pub(super) needs: Needs,
    /// For general registers, see [`written_at`](Self::written_at).
    written_at: [u16; 64],
}

impl<'a> Emitter<'a> {
    pub(super) fn new(block: &'a Block, request: &'a Request, backend: &'a Aarch64) -> Self {
        Self {
            asm: Asm::with_capacity(CODE_PER_OP * (block.ops.len() + 4)),
            scratch: Scratch::default(),
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
            needs: Needs::default(),
            written_at: [0; 64],
        }
    }

    /// Emits the block.
    pub(super) fn run(&mut self) -> HostCode {
        let block = self.block;
        self.asm.expect(MOST_CODE_PER_OP * (block.ops.len() + 4));
        self.enter();
        let mut number = 0;
        for (op, needs) in block.ops.iter().zip(liveness::analyze(block)) {
            if let Op::Insn { offset, len } = *op {
                self.insn = (number, offset, len);
                number += 1;
            } else {
                self.needs = needs;
                self.op(op);
                self.end_op(op);
            }
        }
        self.terminator(&block.end);
        self.finish()
    }

    /// Takes the block's instructions off the budget.
    fn enter(&mut self) {
        let insns = self.block.insns;
        self.change_budget(insns, true);
        let patch = self.asm.branch_if(Cc::Minus);
        self.cold.push(Cold::Poll { patch, insns });
    }

    /// Takes instructions off the budget, or gives them back; the flags are those of
    /// what is left.
    pub(super) fn change_budget(&mut self, insns: u16, take: bool) {
        let budget = (STATE, self.backend.layout.budget);
        self.asm.load32(TEMP, budget);
        match Imm12::new(insns.into()) {
            Some(insns) => self.asm.add_imm((take, true), false, (TEMP, TEMP), insns),
            None => {
                self.asm.mov_ri(VALUE, insns.into());
                let op = if take { Alu::Subs } else { Alu::Add };
                self.asm.alu(op, false, TEMP, TEMP, VALUE);
            }
        }
        self.asm.store32(budget, TEMP);
    }

    /// Ends an op: what nobody reads later is forgotten.
    fn end_op(&mut self, op: &Op) {
        self.scratch.unlock();
        let (needs, dst) = (self.needs, op.dst());
        let mut number = 0;
        op.for_each_operand(|operand| {
            if let Operand::Slot(slot) = operand
                && needs.is_last_use(number)
                && dst != Some(slot)
            {
                self.scratch.forget(slot);
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

    /// The host register a slot lives in, if it is a global one.
    pub(super) fn global(&self, slot: Slot) -> Option<Gpr> {
        self.backend.globals.get(slot)
    }

    /// A scratch register for this op.
    pub(super) fn temp(&mut self) -> Gpr {
        let (register, spill) = self.scratch.allocate();
        self.spill(spill);
        register
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
    }

    /// The register that holds a slot already.
    pub(super) fn resident(&mut self, slot: Slot) -> Option<Gpr> {
        self.global(slot).or_else(|| self.scratch.find(slot))
    }

    /// The operand in a register, which must not be written.
    pub(super) fn read(&mut self, operand: Operand) -> Gpr {
        match operand {
            Operand::Imm(0) => ZERO,
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
                self.asm.mov_ri(register, imm);
                register
            }
        }
    }

    /// Copies an operand to `register`, which need not be a scratch one.
    pub(super) fn copy_to(&mut self, register: Gpr, operand: Operand) {
        match operand {
            Operand::Slot(slot) => match self.resident(slot) {
                Some(from) => self.asm.mov_rr(register, from),
                None => self.load_slot(register, slot),
            },
            Operand::Imm(imm) => self.asm.mov_ri(register, imm),
        }
    }

    /// Loads a slot that is in no register.
    fn load_slot(&mut self, register: Gpr, slot: Slot) {
        if slot == fixed::PC {
            return self.load_pc(register);
        }
        let memory = self.memory_of(slot);
        self.asm.load(register, memory);
    }

    /// `register =` virtual address of the block's start.
    fn load_pc(&mut self, register: Gpr) {
        self.asm.load(register, (STATE, self.backend.layout.bias));
        let position = self.request.code_pc.into();
        if position != 0 {
            let temp = if register == TEMP { VALUE } else { TEMP };
            self.asm.add_ri(true, register, register, position, temp);
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

    /// A 32-bit cell of the state becomes a constant.
    pub(super) fn set_cell(&mut self, cell: i32, value: u32) {
        let register = match value {
            0 => ZERO,
            _ => {
                self.asm.mov_ri(TEMP, value.into());
                TEMP
            }
        };
        self.asm.store32((STATE, cell), register);
    }

    /// Tells the engine where the current instruction is.
    pub(super) fn store_site(&mut self, (pc, site): (i32, Site)) {
        let layout = self.backend.layout;
        self.set_cell(layout.site_pc, pc as u32);
        self.set_cell(layout.site, site.pack());
    }

    /// A jump to a runtime stub.
    pub(super) fn jump_runtime(&mut self, target: Runtime) {
        let patch = self.asm.jump();
        self.refer(patch, target);
    }

    /// A call of a runtime stub.
    pub(super) fn call_runtime(&mut self, target: Runtime) {
        let patch = self.asm.call();
        self.refer(patch, target);
    }

    fn refer(&mut self, patch: Patch, target: Runtime) {
        let at = patch.offset();
        self.code.runtime.push(RuntimeRef { at, target });
    }

    /// Leaves an op to the engine.
    pub(super) fn call_op(&mut self, op: &Op) {
        self.clean();
        self.scratch.clear();
        // A helper may take the mark back.
        self.fp_dirty = false;
        let number = self.request.first_op + self.code.ops.len() as u32;
        self.code.ops.push(*op);
        let site = self.site();
        self.store_site(site);
        let callee = self.backend.layout.callee;
        self.set_cell(callee, number);
        self.call_runtime(Runtime::Op);
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

    /// Number of instructions in the block that come after the current one.
    pub(super) fn insns_after(&self) -> u16 {
        self.block.insns - self.insn.0 - 1
    }

    fn finish(&mut self) -> HostCode {
        self.code.accesses.reserve(self.cold.len());
        // What is rare may have what is rarer.
        while !self.cold.is_empty() {
            for cold in std::mem::take(&mut self.cold) {
                self.emit_cold(&cold);
            }
        }
        self.code.stale = self.asm.here();
        self.asm.mov_ri(TEMP, self.request.code_pc.into());
        self.jump_runtime(Runtime::Stale);
        self.code.bytes = self.asm.out.finish();
        std::mem::take(&mut self.code)
    }
}
