//! Multiplication and division.

use dynasmrt::{DynasmApi, dynasm};

use super::{
    emitter::Emitter,
    encode::{Alu, Cc},
    regs::{TEMP, VALUE, ZERO},
};
use crate::ir::{Operand, Slot, Width};

impl Emitter<'_> {
    /// `dst =` high half of `a × b`, both with or both without sign.
    pub(super) fn multiply_high(&mut self, signed: bool, dst: Slot, a: Operand, b: Operand) {
        let (a, b) = (self.read(a), self.read(b));
        let register = self.target(dst);
        let (d, n, m) = (register.0, a.0, b.0);
        let asm = &mut self.asm.out;
        if signed {
            dynasm!(asm ; .arch aarch64 ; smulh X(d), X(n), X(m));
        } else {
            dynasm!(asm ; .arch aarch64 ; umulh X(d), X(n), X(m));
        }
        self.write(dst, register);
    }

    /// `dst =` high half of signed `a` × unsigned `b`.
    pub(super) fn multiply_high_mixed(&mut self, dst: Slot, a: Operand, b: Operand) {
        let (a, b) = (self.read(a), self.read(b));
        let register = self.target(dst);
        let (d, n, m) = (register.0, a.0, b.0);
        // As an unsigned number, a negative `a` is too large by 2^64.
        dynasm!(self.asm.out ; .arch aarch64
            ; and X(VALUE.0), X(m), X(n), asr 63
            ; umulh X(TEMP.0), X(n), X(m)
            ; sub X(d), X(TEMP.0), X(VALUE.0)
        );
        self.write(dst, register);
    }

    /// `dst = a / b`. The processor's quotient by 0 is 0, the guest's is -1.
    pub(super) fn divide(&mut self, op: Alu, width: Width, dst: Slot, a: Operand, b: Operand) {
        let wide = width == Width::W64;
        let (a, b) = (self.read(a), self.read(b));
        self.asm.alu(op, wide, TEMP, a, b);
        self.asm.cmp(wide, b, ZERO);
        let register = self.target(dst);
        let operands = (register, TEMP, ZERO);
        self.asm.select(wide, operands, Cc::NotEqual, true);
        self.write_narrow(width, dst, register);
    }

    /// `dst = a % b`: what the processor's quotient leaves, which is right for a
    /// divisor of 0 and for the quotient that overflows.
    pub(super) fn remainder(&mut self, op: Alu, width: Width, dst: Slot, a: Operand, b: Operand) {
        let wide = width == Width::W64;
        let (a, b) = (self.read(a), self.read(b));
        self.asm.alu(op, wide, TEMP, a, b);
        let register = self.target(dst);
        let (d, q, n, m) = (register.0, TEMP.0, a.0, b.0);
        let asm = &mut self.asm.out;
        if wide {
            dynasm!(asm ; .arch aarch64 ; msub X(d), X(q), X(m), X(n));
        } else {
            dynasm!(asm ; .arch aarch64 ; msub W(d), W(q), W(m), W(n));
        }
        self.write_narrow(width, dst, register);
    }
}
