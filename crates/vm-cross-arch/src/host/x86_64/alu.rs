//! Integer ops.

use dynasmrt::{DynasmApi, dynasm};
use vm_core::AccessSize;

use super::{
    asm::{Alu, Asm, Cc, Shift},
    emitter::{Emitter, Source},
    encode::Rm,
    regs::{Gpr, RCX, STATE},
    vector::TEMPS,
};
use crate::ir::{BinaryOp, Cond, Op, Operand, Slot, UnaryOp, Width, fixed};

/// The upper half of a NaN-boxed single.
const BOX: Operand = Operand::Imm(0xffff_ffff_0000_0000_u64 as i64);

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
            } => {
                if !self.unary(operation, dst, a) {
                    self.call_op(op);
                }
            }
            Op::SetIf { cond, dst, a, b } => self.set_if(cond, dst, a, b),
            Op::Select { dst, test, a, b } => self.select(dst, test, a, b),
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
            Op::ZeroBlock { addr } => self.zero_block(op, addr),
            Op::Fence { ordering } => self.fence(ordering),
            Op::SideExit { cond, a, b, offset } => {
                let not_reached = self.insns_after();
                self.branch(cond, (a, b), offset, not_reached);
            }
            Op::FpBinary { .. }
            | Op::FpMulAdd { .. }
            | Op::FpSqrt { .. }
            | Op::FpCompare { .. }
            | Op::FpClassify { .. }
            | Op::FpToInt { .. }
            | Op::IntToFp { .. }
            | Op::FpToFp { .. } => {
                if !self.float(op) {
                    self.call_op(op);
                }
            }
            Op::AtomicRmw { .. }
            | Op::CompareExchange { .. }
            | Op::LoadReserved { .. }
            | Op::StoreConditional { .. } => {
                if !self.atomic(op) {
                    self.call_op(op);
                }
            }
            Op::Helper { .. } => self.call_op(op),
        }
    }

    /// `dst = src`.
    fn copy(&mut self, dst: Slot, src: Operand) {
        if self.copy_vector(dst, src) {
            return;
        }
        if dst == fixed::FP_DIRTY {
            let marks = src == Operand::Imm(1);
            if std::mem::replace(&mut self.fp_dirty, marks) && marks {
                return;
            }
        }
        match (src, self.global(dst)) {
            (Operand::Imm(imm), None) if i32::try_from(imm).is_ok() => {
                let memory = self.memory_of(dst);
                self.written(dst);
                self.asm.store_imm(memory, imm as i32);
            }
            (_, Some(register)) => self.copy_to(register, src),
            (_, None) => {
                let register = self.read(src);
                let memory = self.memory_of(dst);
                self.written(dst);
                self.asm.store(memory, register);
            }
        }
    }

    /// `dst = a op b`; false if there is no native form.
    fn binary(&mut self, op: BinaryOp, width: Width, dst: Slot, a: Operand, b: Operand) -> bool {
        use BinaryOp as B;
        let wide = width == Width::W64;
        match op {
            B::Add if wide => self.add(dst, a, b),
            B::Or if wide && b == BOX && self.box_single(dst, a) => {}
            B::Add => self.commutative(Alu::Add, width, dst, a, b),
            B::And => self.commutative(Alu::And, width, dst, a, b),
            B::Or => self.commutative(Alu::Or, width, dst, a, b),
            B::Xor if wide && b.imm() == Some(-1) => self.complement(dst, a),
            B::Xor => self.commutative(Alu::Xor, width, dst, a, b),
            B::Sub => self.two_operands(Alu::Sub, width, dst, a, b),
            B::AndNot => self.with_not(Alu::And, width, dst, a, b),
            B::OrNot => self.with_not(Alu::Or, width, dst, a, b),
            B::XorNot => self.with_not(Alu::Xor, width, dst, a, b),
            B::Shl => self.shift(Shift::Left, width, dst, a, b),
            B::Shr => self.shift(Shift::Right, width, dst, a, b),
            B::Sar => self.shift(Shift::Arithmetic, width, dst, a, b),
            B::Rol => self.shift(Shift::RotateLeft, width, dst, a, b),
            B::Ror => self.shift(Shift::RotateRight, width, dst, a, b),
            B::Sh1Add => self.shift_add(1, width, dst, a, b),
            B::Sh2Add => self.shift_add(2, width, dst, a, b),
            B::Sh3Add => self.shift_add(3, width, dst, a, b),
            B::MinS => self.min_max(Cc::Greater, width, dst, a, b),
            B::MinU => self.min_max(Cc::Above, width, dst, a, b),
            B::MaxS => self.min_max(Cc::Less, width, dst, a, b),
            B::MaxU => self.min_max(Cc::Below, width, dst, a, b),
            B::Mul => self.multiply(width, dst, a, b),
            B::MulHighS if wide => self.multiply_high(true, dst, a, b),
            B::MulHighU if wide => self.multiply_high(false, dst, a, b),
            B::MulHighSU if wide => self.multiply_high_mixed(dst, a, b),
            B::DivS | B::DivU | B::RemS | B::RemU => self.divide(op, width, dst, a, b),
            B::ClMul | B::ClMulHigh | B::ClMulRev if self.backend.features.pclmul => {
                return self.multiply_carryless(op, width, dst, a, b);
            }
            B::MulHighS | B::MulHighU | B::MulHighSU => return false,
            B::ClMul | B::ClMulHigh | B::ClMulRev => return false,
        }
        true
    }

    fn add(&mut self, dst: Slot, a: Operand, b: Operand) {
        if a == Operand::Slot(fixed::PC)
            && let Some(imm) = b.imm()
        {
            let target = self.target(dst);
            self.load_pc(target, imm);
            return self.write(dst, target);
        }
        match (a, b, self.source(b)) {
            (_, _, Source::Immediate(imm)) => {
                let a = self.read(a);
                let target = self.target(dst);
                if target == a {
                    self.asm.alu_ri(Alu::Add, true, target, imm);
                } else {
                    self.asm.lea(target, a, imm);
                }
                self.write(dst, target);
            }
            (Operand::Slot(_), _, Source::Register(b)) => {
                let a = self.read(a);
                let target = self.target(dst);
                if target == a {
                    self.asm.alu_rr(Alu::Add, true, target, b);
                } else {
                    self.asm.lea_sum(target, a, b);
                }
                self.write(dst, target);
            }
            _ => self.commutative(Alu::Add, Width::W64, dst, a, b),
        }
    }

    fn commutative(&mut self, op: Alu, width: Width, dst: Slot, a: Operand, b: Operand) {
        let target = self.global(dst);
        let b_is_target = target.is_some() && b.slot().and_then(|slot| self.global(slot)) == target;
        if b_is_target || a.imm().is_some() {
            self.two_operands(op, width, dst, b, a);
        } else {
            self.two_operands(op, width, dst, a, b);
        }
    }

    /// `dst = a op b` for an instruction that overwrites its first operand.
    fn two_operands(&mut self, op: Alu, width: Width, dst: Slot, a: Operand, b: Operand) {
        let source = self.source(b);
        let mut register = self.target(dst);
        if source == Source::Register(register) && a != b {
            register = self.temp();
        }
        let keep = matches!(source, Source::Register(r) if r == register);
        if !keep {
            self.copy_to(register, a);
        }
        self.alu(op, width == Width::W64, register, source);
        self.write_narrow(width, dst, register);
    }

    /// Completes a write of a result of `width`.
    pub(super) fn write_narrow(&mut self, width: Width, dst: Slot, register: Gpr) {
        if width == Width::W32S && !self.needs.is_low_half() {
            let target = self.global(dst).unwrap_or(register);
            self.asm.movsxd_rr(target, register);
            return self.write(dst, target);
        }
        self.write(dst, register);
    }

    /// `dst = !a`.
    fn complement(&mut self, dst: Slot, a: Operand) {
        let register = self.target(dst);
        self.copy_to(register, a);
        self.asm.not(register);
        self.write(dst, register);
    }

    /// `dst = a op !b`.
    fn with_not(&mut self, op: Alu, width: Width, dst: Slot, a: Operand, b: Operand) {
        let register = self.temp();
        self.copy_to(register, b);
        self.asm.not(register);
        let source = self.source(a);
        self.alu(op, width == Width::W64, register, source);
        self.write_narrow(width, dst, register);
    }

    fn shift(&mut self, op: Shift, width: Width, dst: Slot, a: Operand, b: Operand) {
        let rotates = matches!(op, Shift::RotateLeft | Shift::RotateRight);
        match b {
            Operand::Imm(amount) => self.shift_by(op, width, dst, a, amount as u8),
            Operand::Slot(_) if self.backend.features.bmi2 && !rotates => {
                self.shift_by_any(op, width, dst, a, b);
            }
            Operand::Slot(_) => self.shift_by_cl(op, width, dst, a, b),
        }
    }

    fn shift_by(&mut self, op: Shift, width: Width, dst: Slot, a: Operand, amount: u8) {
        let wide = width == Width::W64;
        let amount = amount & if wide { 63 } else { 31 };
        let register = self.target(dst);
        if op == Shift::RotateRight && self.backend.features.bmi2 {
            let (a, r) = (self.read(a).0, register.0);
            let amount = amount as i8;
            if wide {
                dynasm!(self.asm.out ; .arch x64 ; rorx Rq(r), Rq(a), amount);
            } else {
                dynasm!(self.asm.out ; .arch x64 ; rorx Rd(r), Rd(a), amount);
            }
            return self.write_narrow(width, dst, register);
        }
        self.copy_to(register, a);
        if amount != 0 {
            self.asm.shift(op, wide, register, amount);
        } else if width == Width::W32Z {
            // A shift by 0 leaves the upper half alone.
            self.asm.mov32_rr(register, register);
        }
        if op == Shift::Right && amount != 0 {
            // No sign is left to extend.
            return self.write(dst, register);
        }
        self.write_narrow(width, dst, register);
    }

    /// Shifts by what is in `cl`, as every x86-64 can.
    fn shift_by_cl(&mut self, op: Shift, width: Width, dst: Slot, a: Operand, b: Operand) {
        if b.slot().and_then(|slot| self.resident(slot)) != Some(RCX) {
            self.take(RCX);
            self.copy_to(RCX, b);
        }
        let register = self.target(dst);
        self.copy_to(register, a);
        self.asm.shift_cl(op, width == Width::W64, register);
        if width == Width::W32Z {
            // A shift by 0 leaves the upper half alone.
            self.asm.mov32_rr(register, register);
        }
        self.write_narrow(width, dst, register);
    }

    /// Shifts by what is in any register.
    fn shift_by_any(&mut self, op: Shift, width: Width, dst: Slot, a: Operand, b: Operand) {
        let (amount, value) = (self.read(b).0, self.read(a).0);
        let register = self.target(dst);
        let (r, wide) = (register.0, width == Width::W64);
        let asm = &mut self.asm.out;
        match (op, wide) {
            (Shift::Left, true) => {
                dynasm!(asm ; .arch x64 ; shlx Rq(r), Rq(value), Rq(amount));
            }
            (Shift::Left, false) => {
                dynasm!(asm ; .arch x64 ; shlx Rd(r), Rd(value), Rd(amount));
            }
            (Shift::Right, true) => {
                dynasm!(asm ; .arch x64 ; shrx Rq(r), Rq(value), Rq(amount));
            }
            (Shift::Right, false) => {
                dynasm!(asm ; .arch x64 ; shrx Rd(r), Rd(value), Rd(amount));
            }
            (_, true) => dynasm!(asm ; .arch x64 ; sarx Rq(r), Rq(value), Rq(amount)),
            (_, false) => dynasm!(asm ; .arch x64 ; sarx Rd(r), Rd(value), Rd(amount)),
        }
        self.write_narrow(width, dst, register);
    }

    /// `dst = (a << amount) + b`.
    fn shift_add(&mut self, amount: u8, width: Width, dst: Slot, a: Operand, b: Operand) {
        let (a, b) = (self.read(a).0, self.read(b).0);
        let register = self.target(dst);
        let r = register.0;
        let asm = &mut self.asm.out;
        match amount {
            1 => dynasm!(asm ; .arch x64 ; lea Rq(r), [Rq(b) + Rq(a) * 2]),
            2 => dynasm!(asm ; .arch x64 ; lea Rq(r), [Rq(b) + Rq(a) * 4]),
            _ => dynasm!(asm ; .arch x64 ; lea Rq(r), [Rq(b) + Rq(a) * 8]),
        }
        if width == Width::W32Z {
            self.asm.mov32_rr(register, register);
        }
        self.write_narrow(width, dst, register);
    }

    /// `dst = b` if `cc` holds for `a` and `b`, else `a`.
    fn min_max(&mut self, cc: Cc, width: Width, dst: Slot, a: Operand, b: Operand) {
        let wide = width == Width::W64;
        let b = self.read(b);
        let register = self.temp();
        self.copy_to(register, a);
        self.asm.alu_rr(Alu::Cmp, wide, register, b);
        self.asm.cmov(cc, wide, register, Rm::Reg(b.0));
        self.write_narrow(width, dst, register);
    }

    /// `dst = op a`; false if there is no native form.
    fn unary(&mut self, op: UnaryOp, dst: Slot, a: Operand) -> bool {
        use UnaryOp as U;
        let features = self.backend.features;
        let emit: fn(&mut Asm, u8, u8) = match op {
            U::CountLeadingZeros64 | U::CountLeadingZeros32 if !features.lzcnt => return false,
            U::CountTrailingZeros64 | U::CountTrailingZeros32 if !features.bmi1 => return false,
            U::PopCount64 | U::PopCount32 if !features.popcnt => return false,
            U::UnboxF32 => return self.unbox(dst, a),
            U::OrCombineBytes => {
                self.or_combine_bytes(dst, a);
                return true;
            }
            U::ByteSwap64 => {
                let register = self.target(dst);
                self.copy_to(register, a);
                dynasm!(self.asm.out ; .arch x64 ; bswap Rq(register.0));
                self.write(dst, register);
                return true;
            }
            U::SignExtend8 => |asm, r, a| dynasm!(asm.out ; .arch x64 ; movsx Rq(r), Rb(a)),
            U::SignExtend16 => |asm, r, a| dynasm!(asm.out ; .arch x64 ; movsx Rq(r), Rw(a)),
            U::SignExtend32 => |asm, r, a| asm.movsxd_rr(Gpr(r), Gpr(a)),
            U::ZeroExtend8 => |asm, r, a| dynasm!(asm.out ; .arch x64 ; movzx Rd(r), Rb(a)),
            U::ZeroExtend16 => |asm, r, a| dynasm!(asm.out ; .arch x64 ; movzx Rd(r), Rw(a)),
            U::ZeroExtend32 => |asm, r, a| asm.mov32_rr(Gpr(r), Gpr(a)),
            U::CountLeadingZeros64 => |asm, r, a| dynasm!(asm.out ; .arch x64 ; lzcnt Rq(r), Rq(a)),
            U::CountLeadingZeros32 => |asm, r, a| dynasm!(asm.out ; .arch x64 ; lzcnt Rd(r), Rd(a)),
            U::CountTrailingZeros64 => {
                |asm, r, a| dynasm!(asm.out ; .arch x64 ; tzcnt Rq(r), Rq(a))
            }
            U::CountTrailingZeros32 => {
                |asm, r, a| dynasm!(asm.out ; .arch x64 ; tzcnt Rd(r), Rd(a))
            }
            U::PopCount64 => |asm, r, a| dynasm!(asm.out ; .arch x64 ; popcnt Rq(r), Rq(a)),
            U::PopCount32 => |asm, r, a| dynasm!(asm.out ; .arch x64 ; popcnt Rd(r), Rd(a)),
        };
        if self.extend_from_memory(op, dst, a) {
            return true;
        }
        let a = self.read(a);
        let register = self.target(dst);
        emit(&mut self.asm, register.0, a.0);
        self.write(dst, register);
        true
    }

    /// Extends a slot that is in memory only; false if it is not, or for other ops.
    fn extend_from_memory(&mut self, op: UnaryOp, dst: Slot, a: Operand) -> bool {
        let (size, signed) = match op {
            UnaryOp::SignExtend8 => (AccessSize::Byte, true),
            UnaryOp::SignExtend16 => (AccessSize::Half, true),
            UnaryOp::SignExtend32 => (AccessSize::Word, true),
            UnaryOp::ZeroExtend8 => (AccessSize::Byte, false),
            UnaryOp::ZeroExtend16 => (AccessSize::Half, false),
            UnaryOp::ZeroExtend32 => (AccessSize::Word, false),
            _ => return false,
        };
        let Source::Memory(disp) = self.source(a) else {
            return false;
        };
        let register = self.target(dst);
        let memory = Rm::Mem(STATE, disp);
        self.asm.load_sized(register, memory, size, signed);
        self.write(dst, register);
        true
    }

    /// Each byte that is not 0 becomes 0xff.
    fn or_combine_bytes(&mut self, dst: Slot, a: Operand) {
        let a = self.read(a).0;
        let register = self.target(dst);
        let [value, zero] = TEMPS.map(|temp| temp.0);
        dynasm!(self.asm.out ; .arch x64
            ; movq Rx(value), Rq(a)
            ; pxor Rx(zero), Rx(zero)
            ; pcmpeqb Rx(value), Rx(zero)
            ; movq Rq(register.0), Rx(value)
            ; not Rq(register.0)
        );
        self.write(dst, register);
    }

    /// Compares; the condition code that tells whether `cond` holds.
    pub(super) fn compare(&mut self, cond: Cond, a: Operand, b: Operand) -> Cc {
        let (cond, a, b) = match (a, b) {
            (Operand::Imm(_), Operand::Slot(_)) if matches!(cond, Cond::Eq | Cond::Ne) => {
                (cond, b, a)
            }
            _ => (cond, a, b),
        };
        let register = self.read(a);
        match self.source(b) {
            Source::Immediate(0) => self.asm.test(register),
            source => self.alu(Alu::Cmp, true, register, source),
        }
        match cond {
            Cond::Eq => Cc::Equal,
            Cond::Ne => Cc::NotEqual,
            Cond::LtS => Cc::Less,
            Cond::GeS => Cc::GreaterEqual,
            Cond::LtU => Cc::Below,
            Cond::GeU => Cc::AboveEqual,
        }
    }

    fn set_if(&mut self, cond: Cond, dst: Slot, a: Operand, b: Operand) {
        let cc = self.compare(cond, a, b);
        let register = self.target(dst);
        self.asm.set_cc(register, cc);
        self.write(dst, register);
    }

    fn select(&mut self, dst: Slot, test: Operand, a: Operand, b: Operand) {
        let register = self.temp();
        self.copy_to(register, b);
        if let Some(held) = b.slot().and_then(|slot| self.resident(slot)) {
            // It has been copied; the others may need two more.
            self.scratch.release(held);
        }
        let test = self.read(test);
        // Fetching it may change the flags.
        let source = a.slot().map(|_| self.source(a));
        self.asm.test(test);
        match (a, source) {
            (Operand::Imm(imm), _) => {
                // Only moves from here on: they leave the flags alone.
                let skip = self.asm.jcc(Cc::Equal);
                self.asm.mov_ri(register, imm);
                self.asm.bind(skip);
            }
            (_, Some(Source::Register(a))) => {
                self.asm.cmov(Cc::NotEqual, true, register, Rm::Reg(a.0));
            }
            (_, Some(Source::Memory(disp))) => {
                let memory = Rm::Mem(STATE, disp);
                self.asm.cmov(Cc::NotEqual, true, register, memory);
            }
            (_, Some(Source::Immediate(_)) | None) => {}
        }
        self.write(dst, register);
    }
}
