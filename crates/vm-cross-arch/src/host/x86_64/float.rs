//! Floating point with SSE.
//!
//! Exceptions are masked and accrue in MXCSR, which the engine adds to the
//! guest's flags when they are asked for. Its rounding mode is always to
//! nearest even: whatever rounds otherwise is left to the engine. x86 detects
//! tininess after rounding, as RISC-V does. A result that is not a number is
//! replaced by the canonical one, behind the main line.

use dynasmrt::{DynasmApi, dynasm};
use vm_core::float::RoundingMode;

use super::{
    asm::{Alu, Cc, Patch},
    cold::{Cold, Redone},
    emitter::Emitter,
    encode::Rm,
    regs::{Gpr, Xmm},
    vector::{Kind, TEMPS},
};
use crate::host::buffer::Buffer;
use crate::ir::{FpBinaryOp, FpCompareOp, FpFormat, IntFormat, Op, Operand, Rounding, Slot};

/// An instruction in its form for either format.
macro_rules! by_format {
    ($asm:expr, $format:expr, $double:ident $single:ident $($operands:tt)*) => {
        match $format {
            FpFormat::F64 => dynasm!($asm ; .arch x64 ; $double $($operands)*),
            FpFormat::F32 => dynasm!($asm ; .arch x64 ; $single $($operands)*),
        }
    };
}

const fn kind(format: FpFormat) -> Kind {
    match format {
        FpFormat::F32 => Kind::F32,
        FpFormat::F64 => Kind::F64,
    }
}

impl Emitter<'_> {
    /// Emits a floating-point op; false if there is no native form.
    pub(super) fn float(&mut self, op: &Op) -> bool {
        match *op {
            Op::FpBinary {
                op: FpBinaryOp::Min | FpBinaryOp::Max,
                ..
            } => self.float_min_max(op),
            Op::FpBinary {
                op,
                format,
                rounding,
                dst,
                a,
                b,
            } if self.is_nearest(rounding) => return self.float_binary(op, format, dst, (a, b)),
            Op::FpSqrt {
                format,
                rounding,
                dst,
                a,
            } if self.is_nearest(rounding) => self.square_root(format, dst, a),
            Op::FpMulAdd { rounding, .. }
                if self.is_nearest(rounding) && self.backend.features.fma =>
            {
                self.multiply_add(op);
            }
            Op::FpCompare {
                op,
                format,
                dst,
                a,
                b,
            } => self.float_compare(op, format, dst, (a, b)),
            Op::FpToInt { .. } => return self.float_to_integer(op),
            Op::IntToFp {
                from,
                to,
                rounding,
                dst,
                a,
            } => return self.integer_to_float(op, (from, to), rounding, (dst, a)),
            Op::FpToFp {
                from,
                to,
                rounding,
                dst,
                a,
            } if from != to && self.is_nearest(rounding) => self.convert(from, to, dst, a),
            _ => return false,
        }
        true
    }

    fn is_nearest(&self, rounding: Rounding) -> bool {
        match rounding {
            Rounding::Static(mode) => mode == RoundingMode::NearestEven,
            Rounding::Dynamic => self.request.rounds_to_nearest,
        }
    }

    /// A vector register for this op.
    pub(super) fn vector_temp(&mut self) -> Xmm {
        let (register, spill) = self.vectors.allocate();
        if let Some(entry) = spill {
            self.store_vector(entry);
        }
        register
    }

    /// An operand in a vector register, which must not be written.
    fn vector(&mut self, operand: Operand, format: FpFormat) -> Xmm {
        if let Operand::Slot(slot) = operand {
            if let Some(entry) = self.vectors.find(slot)
                && (entry.kind == Kind::F64) == (format == FpFormat::F64)
            {
                return entry.register;
            }
            if self.resident(slot).is_none() {
                return self.load_vector_operand(slot, format);
            }
        }
        let from = self.read(operand);
        let register = self.vector_temp();
        dynasm!(self.asm.out ; .arch x64 ; movq Rx(register.0), Rq(from.0));
        // A comparison needs two more.
        self.scratch.release(from);
        register
    }

    fn load_vector_operand(&mut self, slot: Slot, format: FpFormat) -> Xmm {
        self.settle(slot);
        let register = self.vector_temp();
        // Of a single, the upper half of the slot is not known.
        self.load_vector_slot(register, slot, kind(format));
        if format == FpFormat::F64 {
            self.vectors.assign(register, slot, Kind::F64, false);
        }
        register
    }

    /// A copy of an operand to compute with.
    fn vector_copy(&mut self, operand: Operand, format: FpFormat) -> Xmm {
        let from = self.vector(operand, format);
        let register = self.vector_temp();
        self.asm.movaps(register, from);
        register
    }

    /// Completes a write: the new value of `slot` is in `register`.
    pub(super) fn write_vector(&mut self, slot: Slot, register: Xmm, kind: Kind) {
        if let Some(global) = self.global(slot) {
            return self.global_vector(global, register, kind);
        }
        self.scratch.forget(slot);
        self.vectors.assign(register, slot, kind, true);
        if !slot.is_temp() {
            self.settle(slot);
        }
    }

    /// Copies a value to the host register that its slot lives in. Above a
    /// single, the vector register may hold anything.
    fn global_vector(&mut self, global: Gpr, register: Xmm, kind: Kind) {
        let (p, r, asm) = (global.0, register.0, &mut self.asm.out);
        match kind {
            Kind::F64 => dynasm!(asm ; .arch x64 ; movq Rq(p), Rx(r)),
            Kind::F32 => dynasm!(asm ; .arch x64 ; movd Rd(p), Rx(r)),
            Kind::Boxed => {
                let [low, high] = TEMPS.map(|temp| temp.0);
                dynasm!(asm ; .arch x64
                    ; pcmpeqd Rx(high), Rx(high)
                    ; psllq Rx(high), 32
                    ; xorps Rx(low), Rx(low)
                    ; movss Rx(low), Rx(r)
                    ; orps Rx(low), Rx(high)
                    ; movq Rq(p), Rx(low)
                );
            }
        }
    }

    /// Replaces a result that is not a number.
    fn check_nan(&mut self, register: Xmm, format: FpFormat) {
        let from = self.jump_if_nan(register, format);
        self.cold.push(Cold::Nan {
            from,
            register,
            double: format == FpFormat::F64,
            resume: self.asm.here(),
        });
    }

    fn jump_if_nan(&mut self, register: Xmm, format: FpFormat) -> Patch {
        let r = register.0;
        by_format!(self.asm.out, format, ucomisd ucomiss Rx(r), Rx(r));
        self.asm.jcc(Cc::Parity)
    }

    /// Arithmetic; false for what is none.
    fn float_binary(
        &mut self,
        op: FpBinaryOp,
        format: FpFormat,
        dst: Slot,
        (a, b): (Operand, Operand),
    ) -> bool {
        let emit: fn(&mut Buffer, FpFormat, u8, u8) = match op {
            FpBinaryOp::Add => {
                |asm, format, r, b| by_format!(asm, format, addsd addss Rx(r), Rx(b))
            }
            FpBinaryOp::Sub => {
                |asm, format, r, b| by_format!(asm, format, subsd subss Rx(r), Rx(b))
            }
            FpBinaryOp::Mul => {
                |asm, format, r, b| by_format!(asm, format, mulsd mulss Rx(r), Rx(b))
            }
            FpBinaryOp::Div => {
                |asm, format, r, b| by_format!(asm, format, divsd divss Rx(r), Rx(b))
            }
            FpBinaryOp::Min | FpBinaryOp::Max => return false,
        };
        let b = self.vector(b, format).0;
        let register = self.vector_copy(a, format);
        emit(&mut self.asm.out, format, register.0, b);
        self.check_nan(register, format);
        self.write_vector(dst, register, kind(format));
        true
    }

    fn square_root(&mut self, format: FpFormat, dst: Slot, a: Operand) {
        let register = self.vector_copy(a, format);
        let r = register.0;
        by_format!(self.asm.out, format, sqrtsd sqrtss Rx(r), Rx(r));
        self.check_nan(register, format);
        self.write_vector(dst, register, kind(format));
    }

    /// An op of which some cases are left to the engine.
    pub(super) fn redo(&mut self, from: Vec<Patch>, op: &Op, dst: Slot, result: Redone) {
        self.cold.push(Cold::Redo {
            from,
            op: *op,
            dst,
            result,
            resume: self.asm.here(),
            site: self.site(),
            held: self.held(),
        });
    }

    fn multiply_add(&mut self, op: &Op) {
        let Op::FpMulAdd {
            format,
            negate_product,
            negate_addend,
            dst,
            a,
            b,
            c,
            ..
        } = *op
        else {
            return;
        };
        self.clean();
        let (b, c) = (self.vector(b, format).0, self.vector(c, format).0);
        let register = self.vector_copy(a, format);
        let (r, asm) = (register.0, &mut self.asm.out);
        match (negate_product, negate_addend) {
            (false, false) => {
                by_format!(asm, format, vfmadd213sd vfmadd213ss Rx(r), Rx(b), Rx(c));
            }
            (false, true) => {
                by_format!(asm, format, vfmsub213sd vfmsub213ss Rx(r), Rx(b), Rx(c));
            }
            (true, false) => {
                by_format!(asm, format, vfnmadd213sd vfnmadd213ss Rx(r), Rx(b), Rx(c));
            }
            (true, true) => {
                by_format!(asm, format, vfnmsub213sd vfnmsub213ss Rx(r), Rx(b), Rx(c));
            }
        }
        // Infinity times zero plus a quiet NaN is invalid, which x86 does not flag.
        let nan = self.jump_if_nan(register, format);
        self.redo(vec![nan], op, dst, Redone::Vector(register));
        self.write_vector(dst, register, kind(format));
    }

    fn float_min_max(&mut self, op: &Op) {
        let Op::FpBinary {
            op: operation,
            format,
            dst,
            a,
            b,
            ..
        } = *op
        else {
            return;
        };
        self.clean();
        let (first, second) = (self.vector(a, format).0, self.vector(b, format).0);
        let register = self.vector_temp();
        let (r, other) = (register.0, TEMPS[0].0);
        by_format!(self.asm.out, format, ucomisd ucomiss Rx(first), Rx(second));
        let nan = self.asm.jcc(Cc::Parity);
        // Both ways round: they differ on zeros of unlike signs only.
        let asm = &mut self.asm.out;
        dynasm!(asm ; .arch x64 ; movaps Rx(r), Rx(first) ; movaps Rx(other), Rx(second));
        if operation == FpBinaryOp::Min {
            by_format!(asm, format, minsd minss Rx(r), Rx(second));
            by_format!(asm, format, minsd minss Rx(other), Rx(first));
            dynasm!(asm ; .arch x64 ; orps Rx(r), Rx(other));
        } else {
            by_format!(asm, format, maxsd maxss Rx(r), Rx(second));
            by_format!(asm, format, maxsd maxss Rx(other), Rx(first));
            dynasm!(asm ; .arch x64 ; andps Rx(r), Rx(other));
        }
        self.redo(vec![nan], op, dst, Redone::Vector(register));
        self.write_vector(dst, register, kind(format));
    }

    fn float_compare(
        &mut self,
        op: FpCompareOp,
        format: FpFormat,
        dst: Slot,
        (a, b): (Operand, Operand),
    ) {
        let (a, b) = (self.vector(a, format).0, self.vector(b, format).0);
        let register = self.temp();
        match op {
            FpCompareOp::EqQuiet => {
                let ordered = self.temp();
                by_format!(self.asm.out, format, ucomisd ucomiss Rx(a), Rx(b));
                dynasm!(self.asm.out ; .arch x64
                    ; setnp Rb(ordered.0)
                    ; sete Rb(register.0)
                    ; and Rb(register.0), Rb(ordered.0)
                    ; movzx Rd(register.0), Rb(register.0)
                );
            }
            // The other way round: unordered sets the carry flag.
            FpCompareOp::LtSignaling => {
                by_format!(self.asm.out, format, comisd comiss Rx(b), Rx(a));
                self.asm.set_cc(register, Cc::Above);
            }
            FpCompareOp::LeSignaling => {
                by_format!(self.asm.out, format, comisd comiss Rx(b), Rx(a));
                self.asm.set_cc(register, Cc::AboveEqual);
            }
        }
        self.write(dst, register);
    }

    /// The host has no unsigned results without AVX-512: of them, those that
    /// are signed 64-bit ones, too.
    fn float_to_integer(&mut self, op: &Op) -> bool {
        let Op::FpToInt {
            from,
            to,
            rounding,
            dst,
            a,
        } = *op
        else {
            return false;
        };
        let truncates = rounding == Rounding::Static(RoundingMode::TowardZero);
        if !truncates && !self.is_nearest(rounding) {
            return false;
        }
        self.clean();
        let source = self.vector(a, from);
        let register = self.temp();
        let wide = match to {
            IntFormat::I32 => false,
            IntFormat::I64 => true,
            IntFormat::U32 | IntFormat::U64 => {
                let beyond = self.jump_if_not_below(register, (source, from), to);
                self.convert_to_integer((register, true), (source, from), truncates);
                if to == IntFormat::U32 {
                    self.asm.movsxd_rr(register, register);
                }
                self.redo(vec![beyond], op, dst, Redone::Register(register));
                self.write(dst, register);
                return true;
            }
        };
        self.convert_to_integer((register, wide), (source, from), truncates);
        // The host's answer to all that has no answer; also that to one that has.
        if wide {
            let indefinite = self.temp();
            self.asm.mov_ri(indefinite, i64::MIN);
            self.asm.alu_rr(Alu::Cmp, true, register, indefinite);
        } else {
            self.asm.alu_ri(Alu::Cmp, false, register, i32::MIN);
            self.asm.movsxd_rr(register, register);
        }
        let indefinite = self.asm.jcc(Cc::Equal);
        self.redo(vec![indefinite], op, dst, Redone::Register(register));
        self.write(dst, register);
        true
    }

    /// Leaves the main line unless the number is positive, or +0, and so small
    /// that the unsigned format holds it however it is rounded, as does a signed
    /// one of 64 bits. No conversion may try others: it would flag too much.
    /// Clobbers `register`.
    fn jump_if_not_below(
        &mut self,
        register: Gpr,
        (source, from): (Xmm, FpFormat),
        to: IntFormat,
    ) -> Patch {
        // Bits of positive numbers are ordered as these are, those of others
        // come after them. Of doubles, the upper half is enough.
        let limit = match (from, to) {
            (FpFormat::F32, IntFormat::U32) => (2.0_f32.powi(32)).to_bits(),
            (FpFormat::F32, _) => (2.0_f32.powi(63)).to_bits(),
            (FpFormat::F64, IntFormat::U32) => (f64::from(u32::MAX).to_bits() >> 32) as u32,
            (FpFormat::F64, _) => (2.0_f64.powi(63).to_bits() >> 32) as u32,
        };
        let (r, s, asm) = (register.0, source.0, &mut self.asm.out);
        match from {
            FpFormat::F32 => dynasm!(asm ; .arch x64 ; movd Rd(r), Rx(s)),
            FpFormat::F64 => dynasm!(asm ; .arch x64 ; movq Rq(r), Rx(s) ; shr Rq(r), 32),
        }
        self.asm.alu_ri(Alu::Cmp, false, register, limit as i32);
        self.asm.jcc(Cc::AboveEqual)
    }

    fn convert_to_integer(
        &mut self,
        (register, wide): (Gpr, bool),
        (source, from): (Xmm, FpFormat),
        truncates: bool,
    ) {
        let (r, s, asm) = (register.0, source.0, &mut self.asm.out);
        match (truncates, wide) {
            (true, true) => by_format!(asm, from, cvttsd2si cvttss2si Rq(r), Rx(s)),
            (true, false) => by_format!(asm, from, cvttsd2si cvttss2si Rd(r), Rx(s)),
            (false, true) => by_format!(asm, from, cvtsd2si cvtss2si Rq(r), Rx(s)),
            (false, false) => by_format!(asm, from, cvtsd2si cvtss2si Rd(r), Rx(s)),
        }
    }

    fn integer_to_float(
        &mut self,
        op: &Op,
        (from, to): (IntFormat, FpFormat),
        rounding: Rounding,
        (dst, a): (Slot, Operand),
    ) -> bool {
        let exact = to == FpFormat::F64 && matches!(from, IntFormat::I32 | IntFormat::U32);
        if !(exact || self.is_nearest(rounding)) {
            return false;
        }
        if from == IntFormat::U64 {
            self.clean();
        }
        let mut source = self.read(a);
        // The host takes it for signed.
        let beyond = (from == IntFormat::U64).then(|| {
            self.asm.test(source);
            self.asm.jcc(Cc::Sign)
        });
        if from == IntFormat::U32 {
            let zero_extended = self.temp();
            self.asm.mov32_rr(zero_extended, source);
            source = zero_extended;
        }
        let register = self.vector_temp();
        let (r, s, asm) = (register.0, source.0, &mut self.asm.out);
        // The conversion keeps the rest of the register: not to wait for it.
        dynasm!(asm ; .arch x64 ; xorps Rx(r), Rx(r));
        if from == IntFormat::I32 {
            by_format!(asm, to, cvtsi2sd cvtsi2ss Rx(r), Rd(s));
        } else {
            by_format!(asm, to, cvtsi2sd cvtsi2ss Rx(r), Rq(s));
        }
        if let Some(beyond) = beyond {
            self.redo(vec![beyond], op, dst, Redone::Vector(register));
        }
        self.write_vector(dst, register, kind(to));
        true
    }

    fn convert(&mut self, from: FpFormat, to: FpFormat, dst: Slot, a: Operand) {
        let source = self.vector(a, from).0;
        let register = self.vector_temp();
        let (r, asm) = (register.0, &mut self.asm.out);
        dynasm!(asm ; .arch x64 ; xorps Rx(r), Rx(r));
        by_format!(asm, to, cvtss2sd cvtsd2ss Rx(r), Rx(source));
        self.check_nan(register, to);
        self.write_vector(dst, register, kind(to));
    }

    /// `dst =` the single in `a`, boxed, if it is in a vector register.
    pub(super) fn box_single(&mut self, dst: Slot, a: Operand) -> bool {
        let entry = a.slot().and_then(|slot| self.vectors.find(slot));
        let Some(entry) = entry.filter(|entry| entry.kind == Kind::F32) else {
            return false;
        };
        let register = self.vector_temp();
        self.asm.movaps(register, entry.register);
        self.write_vector(dst, register, Kind::Boxed);
        true
    }

    /// `dst =` the single in `a`, out of its box; false if there is no native form.
    pub(super) fn unbox(&mut self, dst: Slot, a: Operand) -> bool {
        let Operand::Slot(slot) = a else {
            return false;
        };
        if self.global(slot).is_some() {
            return false;
        }
        if let Some(entry) = self.vectors.find(slot)
            && entry.kind == Kind::Boxed
        {
            let register = self.vector_temp();
            self.asm.movaps(register, entry.register);
            self.write_vector(dst, register, Kind::F32);
            return true;
        }
        self.clean();
        let register = self.vector_temp();
        let (base, disp) = self.memory_of(slot);
        self.asm.alu32_mi(Alu::Cmp, (base, disp + 4), -1);
        let from = self.asm.jcc(Cc::NotEqual);
        self.asm.load_vector(register, Rm::Mem(base, disp), false);
        self.cold.push(Cold::Unboxed {
            from,
            register,
            resume: self.asm.here(),
        });
        self.write_vector(dst, register, Kind::F32);
        true
    }

    /// `dst = src` if that is in a vector register.
    pub(super) fn copy_vector(&mut self, dst: Slot, src: Operand) -> bool {
        let entry = src.slot().and_then(|slot| self.vectors.find(slot));
        let Some(entry) = entry.filter(|_| self.global(dst).is_none()) else {
            return false;
        };
        let register = self.vector_temp();
        self.asm.movaps(register, entry.register);
        self.write_vector(dst, register, entry.kind);
        true
    }
}
