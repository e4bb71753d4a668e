//! Builds a block of RISC-V: [`BlockBuilder`], and `x0`.

use std::ops::{Deref, DerefMut};

use vm_core::AccessSize;

use super::{Helper, Insn, regs};
pub use crate::guest::ZERO;
use crate::{
    guest::BlockBuilder,
    ir::{
        AtomicOp, BinaryOp, Block, Cond, Extend, Op, Operand, Ordering, Slot, UnaryOp, Width, fixed,
    },
};

/// A block under construction.
///
/// The methods that emit an op deal with `x0`: a result for it is dropped
/// where the op does nothing else, and goes to a temporary otherwise.
#[derive(Debug, Default)]
pub struct Builder(BlockBuilder);

impl Deref for Builder {
    type Target = BlockBuilder;

    fn deref(&self) -> &BlockBuilder {
        &self.0
    }
}

impl DerefMut for Builder {
    fn deref_mut(&mut self) -> &mut BlockBuilder {
        &mut self.0
    }
}

/// The integer register as an operand; `x0` is the constant 0.
pub fn x(n: u8) -> Operand {
    if n == 0 { ZERO } else { regs::x(n).into() }
}

impl Builder {
    /// The block, as [`BlockBuilder::finish`].
    pub fn finish(self) -> Block {
        self.0.finish()
    }

    /// `dst`, or a temporary for `x0`.
    pub fn sink(&mut self, dst: Slot) -> Slot {
        if dst == regs::x(0) { self.temp() } else { dst }
    }

    /// `dst = src`.
    pub fn mov(&mut self, dst: Slot, src: Operand) {
        if is_kept(dst) {
            self.0.mov(dst, src);
        }
    }

    /// `dst = a op b`.
    pub fn binary(&mut self, op: BinaryOp, width: Width, dst: Slot, a: Operand, b: Operand) {
        if is_kept(dst) {
            self.0.binary(op, width, dst, a, b);
        }
    }

    /// `dst = a op b` on 64 bits.
    pub fn binary64(&mut self, op: BinaryOp, dst: Slot, a: Operand, b: Operand) {
        self.binary(op, Width::W64, dst, a, b);
    }

    /// `dst = op a`.
    pub fn unary(&mut self, op: UnaryOp, dst: Slot, a: Operand) {
        if is_kept(dst) {
            self.0.unary(op, dst, a);
        }
    }

    /// `dst = cond(a, b)`.
    pub fn set_if(&mut self, cond: Cond, dst: Slot, a: Operand, b: Operand) {
        if is_kept(dst) {
            self.0.set_if(cond, dst, a, b);
        }
    }

    /// `dst = if test != 0 { a } else { b }`.
    pub fn select(&mut self, dst: Slot, test: Operand, a: Operand, b: Operand) {
        if is_kept(dst) {
            self.0.select(dst, test, a, b);
        }
    }

    /// `dst =` the instruction's address `+ distance`.
    pub fn pc_relative(&mut self, dst: Slot, distance: i32) {
        if is_kept(dst) {
            self.0.pc_relative(dst, distance);
        }
    }

    /// `dst =` the next instruction's address.
    pub fn link(&mut self, dst: Slot) {
        if is_kept(dst) {
            self.0.link(dst);
        }
    }

    /// Loads.
    pub fn load(&mut self, dst: Slot, base: Operand, offset: i32, size: AccessSize, ext: Extend) {
        let dst = self.sink(dst);
        self.0.load(dst, base, offset, size, ext);
    }

    /// Atomic read-modify-write.
    pub fn atomic(
        &mut self,
        op: AtomicOp,
        size: AccessSize,
        dst: Slot,
        addr: Operand,
        src: Operand,
        ordering: Ordering,
    ) {
        let dst = self.sink(dst);
        self.op(Op::AtomicRmw {
            op,
            size,
            dst,
            addr,
            src,
            ordering,
        });
    }

    /// Marks the floating-point state as changed.
    pub fn fp_dirty(&mut self) {
        self.mov(fixed::FP_DIRTY, Operand::Imm(1));
    }

    /// Calls a helper that returns to the block.
    pub fn helper(&mut self, helper: Helper, dst: Option<Slot>, args: [Operand; 3]) {
        self.0
            .helper(helper.id(), dst.filter(|&dst| is_kept(dst)), args);
    }

    /// Ends the block with a helper.
    pub fn end_helper(&mut self, helper: Helper, dst: Option<Slot>, args: [Operand; 3]) {
        let dst = dst.filter(|&dst| is_kept(dst));
        self.0.end_helper(helper.id(), dst, args);
    }

    /// Ends the block: the instruction is illegal.
    pub fn end_illegal(&mut self, insn: Insn) {
        let bits = Operand::Imm(insn.0.into());
        self.end_helper(Helper::Illegal, None, [bits, ZERO, ZERO]);
    }
}

/// Whether writing the slot has an effect.
fn is_kept(dst: Slot) -> bool {
    dst != regs::x(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_for_x0_are_dropped_or_go_to_a_temporary() {
        let mut b = Builder::default();
        b.begin(4);
        b.binary64(BinaryOp::Add, regs::x(0), x(1), x(2));
        b.load(regs::x(0), x(1), 0, AccessSize::Word, Extend::Sign);
        b.helper(Helper::CsrRead, Some(regs::x(0)), [ZERO; 3]);
        let block = b.finish();
        assert_eq!(block.ops.len(), 3);
        assert!(matches!(block.ops[1], Op::Load { dst, .. } if dst.is_temp()));
        assert!(matches!(block.ops[2], Op::Helper { dst: None, .. }));
    }
}
