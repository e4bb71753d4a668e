//! The ways out of a block.

use dynasmrt::{DynasmApi, dynasm};

use super::{
    asm::{Alu, Cc, Patch},
    cold::Cold,
    emitter::Emitter,
    regs::{Gpr, RAX, RCX, RDX, STATE},
    vector::TEMPS,
};
use crate::{
    host::contract::{JumpTable, Runtime},
    ir::{Cond, HelperId, JumpHint, Operand, Slot, Terminator},
};

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
        let holds = match (a, b) {
            (Operand::Imm(a), Operand::Imm(b)) => {
                if !crate::ir::eval::condition(cond, a as u64, b as u64) {
                    return;
                }
                self.asm.jmp()
            }
            _ => {
                let cc = self.compare(cond, a, b);
                self.asm.jcc(cc)
            }
        };
        if give_back == 0 && self.is_unguarded(target) {
            let exit = self.add_exit(holds, None, target);
            self.cold.push(Cold::Stub { from: holds, exit });
        } else {
            self.cold.push(Cold::Exit {
                from: holds,
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
        let mapping = self.backend.layout.mapping;
        let guard = (!self.is_unguarded(target)).then(|| {
            let asm = &mut self.asm.out;
            dynasm!(asm ; .arch x64 ; cmp DWORD [Rq(STATE.0) + mapping], DWORD 0);
            self.asm.here() - 4
        });
        let mismatch = guard.map(|_| self.asm.jcc(Cc::NotEqual));
        let jump = self.asm.jmp();
        let exit = self.add_exit(jump, guard, target);
        self.stub(jump, exit);
        if let Some(mismatch) = mismatch {
            let stub = self.code.exits[exit as usize].stub;
            self.asm.bind_to(mismatch, stub);
        }
    }

    /// The code that asks the engine where an exit leads.
    pub(super) fn stub(&mut self, from: Patch, exit: u32) {
        self.asm.bind(from);
        let here = self.asm.here();
        if let Some(exit) = self.code.exits.get_mut(exit as usize) {
            exit.stub = here;
        }
        let number = self.request.first_exit.wrapping_add(exit);
        self.asm.mov_ri(RAX, number.into());
        self.jump_runtime(Runtime::Link);
    }

    /// Goes to the code of the virtual address in `target`.
    fn jump_indirect(&mut self, target: Operand, hint: JumpHint) {
        let target = self.read(target);
        self.asm.mov_rr(RAX, target);
        self.asm.load(RDX, (STATE, self.backend.layout.jumps));
        if hint == JumpHint::Call {
            // Most calls through a pointer lead to where they led before.
            let site = self.jump_site();
            self.asm.alu_rm(Alu::Cmp, true, RAX, (RDX, site));
            let from = self.asm.jcc(Cc::NotEqual);
            self.follow((RDX, site));
            self.cold.push(Cold::Indirect { from, site });
            return;
        }
        self.look_up_jump();
        self.follow((RCX, 0));
    }

    /// Offset of the entry of the block's end in the table at `jumps`.
    fn jump_site(&self) -> i32 {
        // Fibonacci hashing: its upper bits depend on all of the key.
        let key = (self.request.code_pc as u32).wrapping_mul(0x9e37_79b9);
        let site = JumpTable::ENTRIES as u32 + (key >> (32 - JumpTable::INLINE_CACHE_BITS));
        (site << JumpTable::ENTRY_SHIFT) as i32
    }

    /// `rcx =` the entry of the address in `rax`, of the table at `rdx`. Leaves
    /// for the engine if there is none.
    fn look_up_jump(&mut self) {
        let align = self.backend.guest.insn_align_shift;
        let mask = ((JumpTable::ENTRIES - 1) << align) as i32;
        let scale = (JumpTable::ENTRY_SHIFT - align) as i8;
        let mix = JumpTable::MIX_SHIFT as i8;
        dynasm!(self.asm.out ; .arch x64
            ; mov ecx, eax
            ; shr ecx, mix
            ; xor ecx, eax
            ; and ecx, DWORD mask
            ; shl ecx, scale
            ; add rcx, rdx
            ; cmp rax, [rcx]
        );
        let patch = self.asm.jcc(Cc::NotEqual);
        self.refer(patch, Runtime::Indirect);
    }

    /// Goes where an entry says.
    fn follow(&mut self, (table, at): (Gpr, i32)) {
        let (t, entry, bias) = (table.0, TEMPS[0].0, self.backend.layout.bias);
        dynasm!(self.asm.out ; .arch x64
            ; movups Rx(entry), [Rq(t) + at + 16]
            ; movups [Rq(STATE.0) + bias], Rx(entry)
            ; jmp QWORD [Rq(t) + at + 8]
        );
    }

    /// A jump that the entry of its site does not answer: looks the target up
    /// and fills the entry.
    pub(super) fn indirect_cold(&mut self, from: Patch, site: i32) {
        self.asm.bind(from);
        self.look_up_jump();
        let [first, second] = TEMPS.map(|temp| temp.0);
        dynasm!(self.asm.out ; .arch x64
            ; movups Rx(first), [rcx]
            ; movups Rx(second), [rcx + 16]
            ; movups [rdx + site], Rx(first)
            ; movups [rdx + site + 16], Rx(second)
        );
        self.follow((RCX, 0));
    }

    /// Ends the block with a helper of the engine.
    fn end_helper(&mut self, helper: HelperId, dst: Option<Slot>, args: [Operand; 3], next: i64) {
        let layout = self.backend.layout;
        for (number, arg) in (0..).zip(args) {
            let memory = (STATE, layout.args + layout.arg_bytes * number);
            match arg {
                Operand::Imm(imm) if i32::try_from(imm).is_ok() => {
                    self.asm.store_imm(memory, imm as i32);
                }
                _ => {
                    let register = self.read(arg);
                    self.asm.store(memory, register);
                    self.scratch.unlock();
                }
            }
        }
        let site = self.site();
        self.store_site(site);
        let next = i64::from(self.request.code_pc).wrapping_add(next);
        self.asm.store32_imm((STATE, layout.next), next as i32);
        let dst = dst.map_or(0, |dst| 0x100 | u32::from(dst.0));
        let callee = u32::from(helper.0) | dst << 16;
        self.asm.store32_imm((STATE, layout.callee), callee as i32);
        self.jump_runtime(Runtime::Helper);
    }
}
