//! Integer ops.

use dynasmrt::{DynasmApi, dynasm};

use super::{
    asm::Asm,
    emitter::Emitter,
    encode::{Alu, Cc, Logic, Single},
    regs::{Gpr, TEMP, VALUE, ZERO},
};
use crate::ir::{BinaryOp, Cond, Op, Operand, Slot, UnaryOp, Width, fixed};

/// A vector register that holds nothing between ops.
const VECTOR: u8 = 16;

impl Emitter<'_> {
    /// Emits an op of the body.
    pub(super) fn op(&mut self, op: &Op) {
        match *op {
            Op::Insn { .. } => {}
            Op::Move { dst, src } => self.copy(dst, src),
            Op::Binary {
                op: operation,
                width,
                dst,
                a,
                b,
            } => {
                if !self.binary(operation, width, dst, a, b) {
                    self.call_op(op);
                }
            }
            Op::Unary {
                op: operation,
                dst,
                a,
            } => self.unary(operation, dst, a),
            Op::SetIf { cond, dst, a, b } => self.set_if(cond, dst, a, b),
            Op::Select { dst, test, a, b } => self.conditional(dst, test, a, b),
            Op::Load {
                dst,
                base,
                offset,
                size,
                extend,
            } => self.load(dst, (base, offset), size, extend),
            Op::Store {
                src,
                base,
                offset,
                size,
            } => self.store(src, (base, offset), size),
            Op::Fence { ordering } => self.fence(ordering),
            Op::SideExit { cond, a, b, offset } => {
                let not_reached = self.insns_after();
                self.branch(cond, (a, b), offset, not_reached);
            }
            Op::ZeroBlock { .. }
            | Op::AtomicRmw { .. }
            | Op::CompareExchange { .. }
            | Op::LoadReserved { .. }
            | Op::StoreConditional { .. }
            | Op::FpBinary { .. }
            | Op::FpMulAdd { .. }
            | Op::FpSqrt { .. }
            | Op::FpCompare { .. }
            | Op::FpClassify { .. }
            | Op::FpToInt { .. }
            | Op::IntToFp { .. }
            | Op::FpToFp { .. }
            | Op::Helper { .. } => self.call_op(op),
        }
    }

    /// `dst = src`.
    fn copy(&mut self, dst: Slot, src: Operand) {
        if dst == fixed::FP_DIRTY {
            let marks = src == Operand::Imm(1);
            if std::mem::replace(&mut self.fp_dirty, marks) && marks {
                return;
            }
        }
        if let Some(register) = self.global(dst) {
            return self.copy_to(register, src);
        }
        let register = self.read(src);
        let memory = self.memory_of(dst);
        self.written(dst);
        self.asm.store(memory, register);
    }

    /// `dst = a op b`; false if there is no native form.
    fn binary(&mut self, op: BinaryOp, width: Width, dst: Slot, a: Operand, b: Operand) -> bool {
        use BinaryOp as B;
        let wide = width == Width::W64;
        match op {
            B::Add => self.add(width, dst, a, b),
            B::Sub => self.subtract(width, dst, a, b),
            B::And => self.bitwise((Alu::And, Logic::And), width, dst, (a, b)),
            B::Or => self.bitwise((Alu::Orr, Logic::Orr), width, dst, (a, b)),
            B::Xor => self.bitwise((Alu::Eor, Logic::Eor), width, dst, (a, b)),
            B::AndNot => self.simple(Alu::Bic, width, dst, a, b),
            B::OrNot => self.simple(Alu::Orn, width, dst, a, b),
            B::XorNot => self.simple(Alu::Eon, width, dst, a, b),
            B::Shl | B::Shr | B::Sar | B::Rol | B::Ror => self.shift(op, width, dst, a, b),
            B::Sh1Add => self.shift_add(1, width, dst, a, b),
            B::Sh2Add => self.shift_add(2, width, dst, a, b),
            B::Sh3Add => self.shift_add(3, width, dst, a, b),
            B::MinS => self.min_max(Cc::Less, width, dst, a, b),
            B::MinU => self.min_max(Cc::Lower, width, dst, a, b),
            B::MaxS => self.min_max(Cc::Greater, width, dst, a, b),
            B::MaxU => self.min_max(Cc::Higher, width, dst, a, b),
            B::Mul => self.simple(Alu::Mul, width, dst, a, b),
            B::MulHighS if wide => self.multiply_high(true, dst, a, b),
            B::MulHighU if wide => self.multiply_high(false, dst, a, b),
            B::MulHighSU if wide => self.multiply_high_mixed(dst, a, b),
            B::DivS => self.divide(Alu::SDiv, width, dst, a, b),
            B::DivU => self.divide(Alu::UDiv, width, dst, a, b),
            B::RemS => self.remainder(Alu::SDiv, width, dst, a, b),
            B::RemU => self.remainder(Alu::UDiv, width, dst, a, b),
            B::MulHighS | B::MulHighU | B::MulHighSU => return false,
            B::ClMul | B::ClMulHigh | B::ClMulRev => return false,
        }
        true
    }

    fn add(&mut self, width: Width, dst: Slot, a: Operand, b: Operand) {
        let (a, b) = if a.imm().is_some() { (b, a) } else { (a, b) };
        match b {
            Operand::Imm(imm) => self.add_constant(width, dst, a, imm),
            Operand::Slot(_) => self.simple(Alu::Add, width, dst, a, b),
        }
    }

    fn subtract(&mut self, width: Width, dst: Slot, a: Operand, b: Operand) {
        match b {
            Operand::Imm(imm) => self.add_constant(width, dst, a, imm.wrapping_neg()),
            Operand::Slot(_) => self.simple(Alu::Sub, width, dst, a, b),
        }
    }

    fn add_constant(&mut self, width: Width, dst: Slot, a: Operand, imm: i64) {
        let wide = width == Width::W64;
        let imm = if wide { imm } else { i64::from(imm as i32) };
        let a = self.read(a);
        let register = self.target(dst);
        // As the operand of an addition of a constant, register 31 is the stack pointer.
        if a == ZERO {
            self.asm.mov_ri(register, imm);
        } else {
            self.asm.add_ri(wide, register, a, imm, TEMP);
        }
        self.write_narrow(width, dst, register);
    }

    fn bitwise(
        &mut self,
        (op, constant): (Alu, Logic),
        width: Width,
        dst: Slot,
        (a, b): (Operand, Operand),
    ) {
        let (a, b) = if a.imm().is_some() { (b, a) } else { (a, b) };
        if let (Operand::Slot(_), Operand::Imm(imm)) = (a, b) {
            let a = self.read(a);
            let register = self.target(dst);
            let wide = width == Width::W64;
            if self.asm.logic(constant, wide, register, a, imm as u64) {
                return self.write_narrow(width, dst, register);
            }
            self.asm.mov_ri(TEMP, imm);
            self.asm.alu(op, wide, register, a, TEMP);
            return self.write_narrow(width, dst, register);
        }
        self.simple(op, width, dst, a, b);
    }

    /// `dst = a op b` by one instruction.
    fn simple(&mut self, op: Alu, width: Width, dst: Slot, a: Operand, b: Operand) {
        let (a, b) = (self.read(a), self.read(b));
        let register = self.target(dst);
        self.asm.alu(op, width == Width::W64, register, a, b);
        self.write_narrow(width, dst, register);
    }

    /// Completes a write of a result of `width`, whose upper half is 0 if that is 32.
    pub(super) fn write_narrow(&mut self, width: Width, dst: Slot, register: Gpr) {
        if width == Width::W32S && !self.needs.is_low_half() {
            let target = self.global(dst).unwrap_or(register);
            self.asm.sxtw(target, register);
            return self.write(dst, target);
        }
        self.write(dst, register);
    }

    fn shift(&mut self, op: BinaryOp, width: Width, dst: Slot, a: Operand, b: Operand) {
        let wide = width == Width::W64;
        let a = self.read(a);
        if let Operand::Imm(amount) = b {
            let register = self.target(dst);
            self.asm.shift_by(op, wide, (register, a), amount as u8);
            return self.write_narrow(width, dst, register);
        }
        let mut b = self.read(b);
        let op = match op {
            BinaryOp::Shl => Alu::LslV,
            BinaryOp::Shr => Alu::LsrV,
            BinaryOp::Sar => Alu::AsrV,
            BinaryOp::Ror => Alu::RorV,
            // To the left by n is to the right by -n.
            _ => {
                self.asm.alu(Alu::Sub, wide, TEMP, ZERO, b);
                b = TEMP;
                Alu::RorV
            }
        };
        let register = self.target(dst);
        self.asm.alu(op, wide, register, a, b);
        self.write_narrow(width, dst, register);
    }

    /// `dst = (a << amount) + b`.
    fn shift_add(&mut self, amount: u8, width: Width, dst: Slot, a: Operand, b: Operand) {
        let (a, b) = (self.read(a), self.read(b));
        let register = self.target(dst);
        let wide = width == Width::W64;
        let operands = (register, b, a);
        self.asm.alu_shifted(Alu::Add, wide, operands, amount);
        self.write_narrow(width, dst, register);
    }

    /// `dst = a` if `cc` holds for `a` and `b`, else `b`.
    fn min_max(&mut self, cc: Cc, width: Width, dst: Slot, a: Operand, b: Operand) {
        let wide = width == Width::W64;
        let (a, b) = (self.read(a), self.read(b));
        self.asm.cmp(wide, a, b);
        let register = self.target(dst);
        self.asm.select(wide, (register, a, b), cc, false);
        self.write_narrow(width, dst, register);
    }

    /// `dst = op a`.
    fn unary(&mut self, op: UnaryOp, dst: Slot, a: Operand) {
        use UnaryOp as U;
        let a = self.read(a);
        let register = self.target(dst);
        let (both, asm) = ((register, a), &mut self.asm);
        match op {
            U::SignExtend8 => asm.bitfield(true, true, both, 0, 7),
            U::SignExtend16 => asm.bitfield(true, true, both, 0, 15),
            U::SignExtend32 => asm.sxtw(register, a),
            U::ZeroExtend8 => asm.bitfield(false, false, both, 0, 7),
            U::ZeroExtend16 => asm.bitfield(false, false, both, 0, 15),
            U::ZeroExtend32 => asm.mov32_rr(register, a),
            U::CountLeadingZeros64 => asm.single(Single::Clz, true, register, a),
            U::CountLeadingZeros32 => asm.single(Single::Clz, false, register, a),
            U::CountTrailingZeros64 | U::CountTrailingZeros32 => {
                let wide = op == U::CountTrailingZeros64;
                asm.single(Single::RBit, wide, register, a);
                asm.single(Single::Clz, wide, register, register);
            }
            U::PopCount64 => asm.count_ones(true, register, a),
            U::PopCount32 => asm.count_ones(false, register, a),
            U::ByteSwap64 => dynasm!(asm.out ; .arch aarch64 ; rev X(register.0), X(a.0)),
            U::OrCombineBytes => asm.or_combine_bytes(register, a),
            U::UnboxF32 => asm.unbox(register, a),
        }
        self.write(dst, register);
    }

    /// Compares; the condition code that tells whether `cond` holds.
    pub(super) fn compare(&mut self, cond: Cond, a: Operand, b: Operand) -> Cc {
        let (a, b) = match (a, b) {
            (Operand::Imm(_), Operand::Slot(_)) if matches!(cond, Cond::Eq | Cond::Ne) => (b, a),
            _ => (a, b),
        };
        let a = self.read(a);
        match b {
            // With a constant, register 31 is the stack pointer.
            Operand::Imm(imm) if a != ZERO => self.asm.cmp_ri(a, imm, TEMP),
            _ => {
                let b = self.read(b);
                self.asm.cmp(true, a, b);
            }
        }
        match cond {
            Cond::Eq => Cc::Equal,
            Cond::Ne => Cc::NotEqual,
            Cond::LtS => Cc::Less,
            Cond::GeS => Cc::GreaterEqual,
            Cond::LtU => Cc::Lower,
            Cond::GeU => Cc::HigherSame,
        }
    }

    fn set_if(&mut self, cond: Cond, dst: Slot, a: Operand, b: Operand) {
        let cc = self.compare(cond, a, b);
        let register = self.target(dst);
        self.asm.set_if(register, cc);
        self.write(dst, register);
    }

    /// `dst = if test != 0 { a } else { b }`.
    fn conditional(&mut self, dst: Slot, test: Operand, a: Operand, b: Operand) {
        let (test, a, b) = (self.read(test), self.read(a), self.read(b));
        self.asm.cmp(true, test, ZERO);
        let register = self.target(dst);
        self.asm.select(true, (register, a, b), Cc::NotEqual, false);
        self.write(dst, register);
    }
}

impl Asm {
    /// Shifts or rotates by a constant.
    pub(super) fn shift_by(&mut self, op: BinaryOp, wide: bool, both: (Gpr, Gpr), amount: u8) {
        let width = if wide { 64 } else { 32 };
        let (amount, last) = (amount & (width - 1), width - 1);
        let complement = (width - amount) & last;
        match op {
            BinaryOp::Shl => self.bitfield(false, wide, both, complement, last - amount),
            BinaryOp::Shr => self.bitfield(false, wide, both, amount, last),
            BinaryOp::Sar => self.bitfield(true, wide, both, amount, last),
            BinaryOp::Ror => self.rotate(wide, both, amount),
            _ => self.rotate(wide, both, complement),
        }
    }

    /// `dst = cc`, as 0 or 1.
    pub(super) fn set_if(&mut self, dst: Gpr, cc: Cc) {
        // Of "select or increment" there is this one use.
        self.word(0x1a9f_07e0 | cc.inverted() << 12 | u32::from(dst.0));
    }

    fn count_ones(&mut self, wide: bool, dst: Gpr, src: Gpr) {
        let (d, s) = (dst.0, src.0);
        if wide {
            dynasm!(self.out ; .arch aarch64 ; fmov D(VECTOR), X(s));
        } else {
            dynasm!(self.out ; .arch aarch64 ; fmov S(VECTOR), W(s));
        }
        dynasm!(self.out ; .arch aarch64
            ; cnt V(VECTOR).b8, V(VECTOR).b8
            ; addv B(VECTOR), V(VECTOR).b8
            ; fmov W(d), S(VECTOR)
        );
    }

    /// Each byte that is not 0 becomes 0xff.
    fn or_combine_bytes(&mut self, dst: Gpr, src: Gpr) {
        dynasm!(self.out ; .arch aarch64
            ; fmov D(VECTOR), X(src.0)
            ; cmtst V(VECTOR).b8, V(VECTOR).b8, V(VECTOR).b8
            ; fmov X(dst.0), D(VECTOR)
        );
    }

    /// The low half of a single in its box, or the canonical quiet NaN.
    fn unbox(&mut self, dst: Gpr, src: Gpr) {
        self.bitfield(true, true, (TEMP, src), 32, 63);
        self.cmp_ri(TEMP, -1, VALUE);
        self.mov_ri(VALUE, 0x7fc0_0000);
        self.select(false, (dst, src, VALUE), Cc::Equal, false);
    }
}
