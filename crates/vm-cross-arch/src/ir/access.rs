//! What ops read and write, for verification and passes.

use super::{Op, Operand, Slot, Terminator};

impl Op {
    /// The slot the op writes, if any. Floating-point ops accrue their flags
    /// besides; helpers may write anything.
    pub fn dst(&self) -> Option<Slot> {
        match *self {
            Self::Insn { .. }
            | Self::Store { .. }
            | Self::ZeroBlock { .. }
            | Self::Fence { .. }
            | Self::SideExit { .. } => None,
            Self::Helper { dst, .. } => dst,
            Self::Move { dst, .. }
            | Self::Binary { dst, .. }
            | Self::Unary { dst, .. }
            | Self::SetIf { dst, .. }
            | Self::Select { dst, .. }
            | Self::Load { dst, .. }
            | Self::AtomicRmw { dst, .. }
            | Self::CompareExchange { dst, .. }
            | Self::LoadReserved { dst, .. }
            | Self::StoreConditional { dst, .. }
            | Self::FpBinary { dst, .. }
            | Self::FpMulAdd { dst, .. }
            | Self::FpSqrt { dst, .. }
            | Self::FpCompare { dst, .. }
            | Self::FpClassify { dst, .. }
            | Self::FpToInt { dst, .. }
            | Self::IntToFp { dst, .. }
            | Self::FpToFp { dst, .. } => Some(dst),
        }
    }

    /// Calls `f` with each operand.
    pub fn for_each_operand(&self, mut f: impl FnMut(Operand)) {
        let mut copy = *self;
        copy.for_each_operand_mut(|operand| f(*operand));
    }

    /// Calls `f` with each operand, which it may replace.
    pub fn for_each_operand_mut(&mut self, mut f: impl FnMut(&mut Operand)) {
        match self {
            Self::Insn { .. } | Self::Fence { .. } => {}
            Self::Move { src: a, .. }
            | Self::Unary { a, .. }
            | Self::Load { base: a, .. }
            | Self::LoadReserved { addr: a, .. }
            | Self::ZeroBlock { addr: a }
            | Self::FpSqrt { a, .. }
            | Self::FpClassify { a, .. }
            | Self::FpToInt { a, .. }
            | Self::IntToFp { a, .. }
            | Self::FpToFp { a, .. } => f(a),
            Self::Binary { a, b, .. }
            | Self::SetIf { a, b, .. }
            | Self::SideExit { a, b, .. }
            | Self::Store {
                src: a, base: b, ..
            }
            | Self::AtomicRmw {
                addr: a, src: b, ..
            }
            | Self::StoreConditional {
                addr: a, src: b, ..
            }
            | Self::FpBinary { a, b, .. }
            | Self::FpCompare { a, b, .. } => {
                f(a);
                f(b);
            }
            Self::Select {
                test: a,
                a: b,
                b: c,
                ..
            }
            | Self::CompareExchange {
                addr: a,
                expected: b,
                new: c,
                ..
            }
            | Self::FpMulAdd { a, b, c, .. }
            | Self::Helper {
                args: [a, b, c], ..
            } => {
                f(a);
                f(b);
                f(c);
            }
        }
    }

    /// Whether the op does nothing but write [`dst`](Self::dst): it can go if
    /// nobody reads that.
    pub fn is_pure(&self) -> bool {
        matches!(
            self,
            Self::Move { .. }
                | Self::Binary { .. }
                | Self::Unary { .. }
                | Self::SetIf { .. }
                | Self::Select { .. }
                | Self::FpClassify { .. }
        )
    }

    /// Whether the op accrues its flags in [`fixed::FP_FLAGS`](super::fixed::FP_FLAGS).
    pub fn accrues_flags(&self) -> bool {
        matches!(
            self,
            Self::FpBinary { .. }
                | Self::FpMulAdd { .. }
                | Self::FpSqrt { .. }
                | Self::FpCompare { .. }
                | Self::FpToInt { .. }
                | Self::IntToFp { .. }
                | Self::FpToFp { .. }
        )
    }

    /// Whether the op may leave the block early, by an exception or by an exit:
    /// all guest slots must be up to date then.
    pub fn may_leave(&self) -> bool {
        self.may_fault() || matches!(self, Self::SideExit { .. })
    }

    /// Whether the op may raise an exception.
    pub fn may_fault(&self) -> bool {
        matches!(
            self,
            Self::Load { .. }
                | Self::Store { .. }
                | Self::ZeroBlock { .. }
                | Self::AtomicRmw { .. }
                | Self::CompareExchange { .. }
                | Self::LoadReserved { .. }
                | Self::StoreConditional { .. }
                | Self::Helper { .. }
        )
    }
}

impl Terminator {
    /// Calls `f` with each operand.
    pub fn for_each_operand(&self, mut f: impl FnMut(Operand)) {
        let mut copy = *self;
        copy.for_each_operand_mut(|operand| f(*operand));
    }

    /// Calls `f` with each operand, which it may replace.
    pub fn for_each_operand_mut(&mut self, mut f: impl FnMut(&mut Operand)) {
        match self {
            Self::Jump { .. } => {}
            Self::JumpIndirect { target, .. } => f(target),
            Self::Branch { a, b, .. } => {
                f(a);
                f(b);
            }
            Self::Helper { args, .. } => args.iter_mut().for_each(f),
        }
    }
}
