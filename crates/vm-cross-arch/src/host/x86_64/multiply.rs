//! Multiplication and division.

use dynasmrt::{DynasmApi, dynasm};

use super::{
    asm::{Alu, Cc},
    cold::Cold,
    emitter::{Emitter, Source},
    encode::Rm,
    regs::{RAX, RCX, RDX, STATE},
    vector::TEMPS,
};
use crate::ir::{BinaryOp, Operand, Slot, Width};

impl Emitter<'_> {
    /// `dst =` low half of `a × b`.
    pub(super) fn multiply(&mut self, width: Width, dst: Slot, a: Operand, b: Operand) {
        let wide = width == Width::W64;
        let source = self.source(b);
        let register = self.temp();
        self.copy_to(register, a);
        match source {
            Source::Register(b) => self.asm.imul(wide, register, Rm::Reg(b.0)),
            Source::Memory(disp) => self.asm.imul(wide, register, Rm::Mem(STATE, disp)),
            Source::Immediate(imm) => self.asm.imul_ri(wide, register, imm),
        }
        self.write_narrow(width, dst, register);
    }

    /// `dst =` high half of `a × b`, both with or both without sign.
    pub(super) fn multiply_high(&mut self, signed: bool, dst: Slot, a: Operand, b: Operand) {
        self.take_all();
        self.copy_to(RAX, a);
        self.copy_to(RCX, b);
        if signed {
            dynasm!(self.asm.out ; .arch x64 ; imul rcx);
        } else {
            dynasm!(self.asm.out ; .arch x64 ; mul rcx);
        }
        self.write(dst, RDX);
    }

    /// `dst =` high half of signed `a` × unsigned `b`.
    pub(super) fn multiply_high_mixed(&mut self, dst: Slot, a: Operand, b: Operand) {
        self.take_all();
        self.copy_to(RAX, a);
        self.copy_to(RCX, b);
        let excess = TEMPS[0].0;
        // As an unsigned number, a negative `a` is too large by 2^64.
        dynasm!(self.asm.out ; .arch x64
            ; mov rdx, rax
            ; sar rdx, 63
            ; and rdx, rcx
            ; movq Rx(excess), rdx
            ; mul rcx
            ; movq rax, Rx(excess)
            ; sub rdx, rax
        );
        self.write(dst, RDX);
    }

    /// `dst =` a part of the carry-less product; false if there is no native form.
    pub(super) fn multiply_carryless(
        &mut self,
        op: BinaryOp,
        width: Width,
        dst: Slot,
        a: Operand,
        b: Operand,
    ) -> bool {
        if op != BinaryOp::ClMul && width != Width::W64 {
            return false;
        }
        let [product, factor] = TEMPS.map(|temp| temp.0);
        for (operand, vector) in [(a, product), (b, factor)] {
            let from = self.read(operand);
            dynasm!(self.asm.out ; .arch x64 ; movq Rx(vector), Rq(from.0));
            self.scratch.release(from);
        }
        let register = self.target(dst);
        let r = register.0;
        dynasm!(self.asm.out ; .arch x64 ; pclmulqdq Rx(product), Rx(factor), 0);
        if op == BinaryOp::ClMulRev {
            let low = self.temp().0;
            dynasm!(self.asm.out ; .arch x64
                ; movq Rq(low), Rx(product)
                ; psrldq Rx(product), 8
                ; movq Rq(r), Rx(product)
                ; shld Rq(r), Rq(low), 1
            );
        } else {
            if op == BinaryOp::ClMulHigh {
                dynasm!(self.asm.out ; .arch x64 ; psrldq Rx(product), 8);
            }
            dynasm!(self.asm.out ; .arch x64 ; movq Rq(r), Rx(product));
        }
        if width == Width::W32Z {
            self.asm.mov32_rr(register, register);
        }
        self.write_narrow(width, dst, register);
        true
    }

    /// Empties all scratch registers; what they held is in memory.
    fn take_all(&mut self) {
        self.clean();
        self.take(RAX);
        self.take(RCX);
        self.take(RDX);
    }

    /// `dst = a / b` or the remainder.
    pub(super) fn divide(&mut self, op: BinaryOp, width: Width, dst: Slot, a: Operand, b: Operand) {
        let signed = matches!(op, BinaryOp::DivS | BinaryOp::RemS);
        let quotient = matches!(op, BinaryOp::DivS | BinaryOp::DivU);
        let wide = width == Width::W64;
        self.take_all();
        self.copy_to(RAX, a);
        self.copy_to(RCX, b);
        if !wide {
            // Division by -1 and 0 is told by all 64 bits.
            self.extend_divisor(signed);
        }
        self.asm.test(RCX);
        let by_zero = self.asm.jcc(Cc::Equal);
        let by_minus_one = signed.then(|| {
            self.asm.alu_ri(Alu::Cmp, true, RCX, -1);
            self.asm.jcc(Cc::Equal)
        });
        if wide {
            self.divide_wide(signed);
        } else {
            self.divide_narrow(signed);
        }
        let result = if quotient { RAX } else { RDX };
        self.cold.push(Cold::Divide {
            by_zero,
            by_minus_one,
            resume: self.asm.here(),
            quotient,
        });
        if width == Width::W32Z {
            // What comes from behind the main line has 64 bits.
            self.asm.mov32_rr(result, result);
        }
        self.write_narrow(width, dst, result);
    }

    fn extend_divisor(&mut self, signed: bool) {
        if signed {
            self.asm.movsxd_rr(RCX, RCX);
        } else {
            self.asm.mov32_rr(RCX, RCX);
        }
    }

    fn divide_narrow(&mut self, signed: bool) {
        if signed {
            dynasm!(self.asm.out ; .arch x64 ; cdq ; idiv ecx);
        } else {
            dynasm!(self.asm.out ; .arch x64 ; xor edx, edx ; div ecx);
        }
    }

    /// Operands that fit in 32 bits are divided as such: several times as fast
    /// on many processors.
    fn divide_wide(&mut self, signed: bool) {
        dynasm!(self.asm.out ; .arch x64
            ; mov rdx, rax
            ; or rdx, rcx
            ; shr rdx, 32
        );
        let small = self.asm.jcc(Cc::Equal);
        if signed {
            dynasm!(self.asm.out ; .arch x64 ; cqo ; idiv rcx);
        } else {
            dynasm!(self.asm.out ; .arch x64 ; xor edx, edx ; div rcx);
        }
        let done = self.asm.jmp();
        self.asm.bind(small);
        dynasm!(self.asm.out ; .arch x64 ; xor edx, edx ; div ecx);
        self.asm.bind(done);
    }
}
