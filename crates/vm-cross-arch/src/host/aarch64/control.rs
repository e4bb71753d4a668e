//! The ways out of a block.

use dynasmrt::{DynasmApi, dynasm};

use super::{
    asm::Patch,
    cold::Cold,
    emitter::Emitter,
    encode::{Alu, Cc},
    regs::{ADDEND, Gpr, STATE, STUB, TEMP, VALUE},
};
use crate::{
    host::contract::{JumpTable, Runtime},
    ir::{Cond, HelperId, JumpHint, Operand, Slot, Terminator},
};

/// Where the table of indirect jumps is.
const TABLE: Gpr = STUB[0];

impl Emitter<'_> {
    /// Emits the block's end.
    pub(super) fn terminator(&mut self, end: &Terminator) {
        match *end {
            Terminator::Jump { offset, .. } => self.exit(offset),
            Terminator::Branch {
                cond,
                a,
                b,
                taken,
                fallthrough,
            } => {
                self.branch(cond, (a, b), taken, 0);
                self.exit(fallthrough);
            }
            Terminator::JumpIndirect { target, hint } => self.jump_indirect(target, hint),
            Terminator::Helper {
                helper,
                dst,
                args,
                next,
            } => self.end_helper(helper, dst, args, next),
        }
    }

    /// Leaves for `target` if the comparison holds; `give_back` instructions
    /// have not been got to then.
    pub(super) fn branch(
        &mut self,
        cond: Cond,
        (a, b): (Operand, Operand),
        target: i64,
        give_back: u16,
    ) {
        let from = match (a, b) {
            (Operand::Imm(a), Operand::Imm(b)) => {
                if !crate::ir::eval::condition(cond, a as u64, b as u64) {
                    return;
                }
                self.asm.jump()
            }
            (a, Operand::Imm(0)) if matches!(cond, Cond::Eq | Cond::Ne) => {
                let register = self.read(a);
                self.asm.branch_zero(true, register, cond == Cond::Eq)
            }
            _ => {
                let cc = self.compare(cond, a, b);
                self.asm.branch_if(cc)
            }
        };
        if give_back == 0 && self.is_unguarded(target) {
            let exit = self.add_exit(from, None, target);
            self.cold.push(Cold::Stub { from, exit });
        } else {
            self.cold.push(Cold::Exit {
                from,
                give_back,
                target,
            });
        }
    }

    /// Whether all of a jump's target is in the block's own page.
    fn is_unguarded(&self, target: i64) -> bool {
        let offset = i64::from(self.request.code_pc & 0xfff) + target;
        (0..=self.backend.guest.last_whole_offset()).contains(&offset)
    }

    /// Leaves for `target`.
    pub(super) fn exit(&mut self, target: i64) {
        let guard = (!self.is_unguarded(target)).then(|| self.guard());
        let jump = self.asm.jump();
        let exit = self.add_exit(jump, guard.map(|(at, _)| at), target);
        self.asm.bind(jump);
        if let Some((_, mismatch)) = guard {
            self.asm.bind(mismatch);
        }
        self.stub(exit);
    }

    /// Compares the mapping with a constant that is 0 at first.
    fn guard(&mut self) -> (u32, Patch) {
        self.asm.load32(TEMP, (STATE, self.backend.layout.mapping));
        let at = self.asm.here();
        self.asm.mov_word(VALUE, 0);
        self.asm.cmp(false, TEMP, VALUE);
        (at, self.asm.branch_if(Cc::NotEqual))
    }

    /// The code that asks the engine where an exit leads.
    pub(super) fn stub(&mut self, exit: u32) {
        let here = self.asm.here();
        if let Some(exit) = self.code.exits.get_mut(exit as usize) {
            exit.stub = here;
        }
        let number = self.request.first_exit.wrapping_add(exit);
        self.asm.mov_ri(TEMP, number.into());
        self.jump_runtime(Runtime::Link);
    }

    /// Goes to the code of the virtual address in `target`.
    fn jump_indirect(&mut self, target: Operand, hint: JumpHint) {
        self.copy_to(TEMP, target);
        self.asm.load(TABLE, (STATE, self.backend.layout.jumps));
        if hint == JumpHint::Call {
            // Most calls through a pointer lead to where they led before.
            self.asm.mov_ri(VALUE, self.jump_cache().into());
            self.asm.alu(Alu::Add, true, VALUE, VALUE, TABLE);
            self.asm.load(ADDEND, (VALUE, 0));
            self.asm.cmp(true, TEMP, ADDEND);
            let from = self.asm.branch_if(Cc::NotEqual);
            self.follow(VALUE);
            self.cold.push(Cold::Indirect { from });
            return;
        }
        self.look_up_jump();
        self.follow(ADDEND);
    }

    /// Offset of the inline cache of the block's end in the table at `jumps`.
    fn jump_cache(&self) -> u32 {
        // Fibonacci hashing: its upper bits depend on all of the key.
        let key = (self.request.code_pc as u32).wrapping_mul(0x9e37_79b9);
        let cache = JumpTable::ENTRIES as u32 + (key >> (32 - JumpTable::INLINE_CACHE_BITS));
        cache << JumpTable::ENTRY_SHIFT
    }

    /// The address in `TEMP` is looked up in the table: `ADDEND =` its entry. Leaves for
    /// the engine if there is none.
    fn look_up_jump(&mut self) {
        let align = self.backend.guest.insn_align_shift;
        let (entry, found) = (ADDEND, STUB[1]);
        let (e, t, va, f) = (entry.0, TABLE.0, TEMP.0, found.0);
        dynasm!(self.asm.out ; .arch aarch64
            ; eor W(e), W(va), W(va), lsr JumpTable::MIX_SHIFT
            ; ubfx W(e), W(e), align, JumpTable::INDEX_BITS
            ; add X(e), X(t), X(e), lsl JumpTable::ENTRY_SHIFT
            ; ldr X(f), [X(e)]
        );
        self.asm.cmp(true, TEMP, found);
        let miss = self.asm.branch_if(Cc::NotEqual);
        self.cold.push(Cold::Unknown { from: miss });
    }

    /// Goes where an entry says. `TEMP` keeps the virtual address: what an unused entry
    /// leads to asks the engine for it.
    fn follow(&mut self, entry: Gpr) {
        let bias = self.backend.layout.bias;
        let (e, target, both) = (entry.0, ADDEND.0, STUB.map(|register| register.0));
        dynasm!(self.asm.out ; .arch aarch64
            ; ldp X(both[0]), X(both[1]), [X(e), 16]
            ; ldr X(target), [X(e), 8]
        );
        self.asm.store((STATE, bias), STUB[0]);
        self.asm.store((STATE, bias + 8), STUB[1]);
        dynasm!(self.asm.out ; .arch aarch64 ; br X(target));
    }

    /// A jump that its inline cache does not answer: looks the target up and fills the
    /// entry, whose address is in `VALUE`.
    pub(super) fn indirect_cold(&mut self, from: Patch) {
        self.asm.bind(from);
        self.look_up_jump();
        let (found, cache) = (ADDEND.0, VALUE.0);
        let [low, high] = STUB.map(|register| register.0);
        dynasm!(self.asm.out ; .arch aarch64
            ; ldp X(low), X(high), [X(found)]
            ; stp X(low), X(high), [X(cache)]
            ; ldp X(low), X(high), [X(found), 16]
            ; stp X(low), X(high), [X(cache), 16]
        );
        self.follow(ADDEND);
    }

    /// Ends the block with a helper of the engine.
    fn end_helper(&mut self, helper: HelperId, dst: Option<Slot>, args: [Operand; 3], next: i64) {
        let layout = self.backend.layout;
        for (number, arg) in (0..).zip(args) {
            let memory = (STATE, layout.args + layout.arg_bytes * number);
            let register = self.read(arg);
            self.asm.store(memory, register);
            self.scratch.unlock();
        }
        let site = self.site();
        self.store_site(site);
        let next = i64::from(self.request.code_pc).wrapping_add(next);
        self.set_cell(layout.next, next as u32);
        let dst = dst.map_or(0, |dst| 0x100 | u32::from(dst.0));
        self.set_cell(layout.callee, u32::from(helper.0) | dst << 16);
        self.jump_runtime(Runtime::Helper);
    }
}
