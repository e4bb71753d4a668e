//! Builds a block: what the lifters of every guest have in common.

use vm_core::AccessSize;

use crate::ir::{
    BinaryOp, Block, Cond, Extend, HelperId, JumpHint, Op, Operand, Slot, Terminator, UnaryOp,
    Width, fixed,
};

/// The constant 0, also for a helper's unused argument.
pub const ZERO: Operand = Operand::Imm(0);

/// A block under construction. Distances are in bytes from the current instruction.
#[derive(Debug)]
pub struct BlockBuilder {
    ops: Vec<Op>,
    end: Option<Terminator>,
    insns: u16,
    /// Conditional ways out on the way.
    exits: u16,
    /// Offset of the current instruction.
    offset: u16,
    /// Where it ends: the length of the block so far.
    bytes: u16,
    /// Offset of the instruction that the block goes on with.
    next: u16,
    /// Temporaries in use: none lives longer than its instruction.
    temps: u8,
}

/// Room for the ops of most blocks, in a piece of memory that allocators have at hand.
const USUAL_OPS: usize = 1024 / size_of::<Op>();

impl Default for BlockBuilder {
    fn default() -> Self {
        Self {
            ops: Vec::with_capacity(USUAL_OPS),
            end: None,
            insns: 0,
            exits: 0,
            offset: 0,
            bytes: 0,
            next: 0,
            temps: 0,
        }
    }
}

impl BlockBuilder {
    /// Starts the next guest instruction, of `len` bytes.
    pub fn begin(&mut self, len: u8) {
        self.offset = self.next;
        self.bytes = self.offset + u16::from(len);
        self.next = self.bytes;
        self.insns += 1;
        self.temps = 0;
        self.ops.push(Op::Insn {
            offset: self.offset,
            len,
        });
    }

    /// Number of instructions so far.
    pub fn insns(&self) -> u16 {
        self.insns
    }

    /// Number of conditional ways out on the way so far.
    pub fn exits(&self) -> u16 {
        self.exits
    }

    /// Offset of the current instruction.
    pub fn offset(&self) -> u16 {
        self.offset
    }

    /// Offset of the instruction that the block goes on with unless it has ended.
    pub fn next(&self) -> u16 {
        self.next
    }

    /// Whether the last instruction ended the block.
    pub fn is_ended(&self) -> bool {
        self.end.is_some()
    }

    /// The block; one that no instruction ended goes on at the next.
    pub fn finish(mut self) -> Block {
        Block {
            end: self.end.unwrap_or_else(|| self.fallthrough()),
            ops: self.ops,
            insns: self.insns,
            bytes: self.bytes,
        }
    }

    /// How a block ends that ends between two instructions: an exit of the
    /// last instruction becomes a branch.
    fn fallthrough(&mut self) -> Terminator {
        let next = i64::from(self.next);
        let last = self.ops.pop_if(|op| matches!(op, Op::SideExit { .. }));
        match last {
            Some(Op::SideExit { cond, a, b, offset }) => Terminator::Branch {
                cond,
                a,
                b,
                taken: offset,
                fallthrough: next,
            },
            _ => Terminator::Jump {
                offset: next,
                hint: JumpHint::Plain,
            },
        }
    }

    /// A new temporary.
    pub fn temp(&mut self) -> Slot {
        self.temps += 1;
        Slot::temp(self.temps - 1)
    }

    /// Emits an op.
    pub fn op(&mut self, op: Op) {
        self.ops.push(op);
    }

    /// `dst = src`.
    pub fn mov(&mut self, dst: Slot, src: Operand) {
        self.op(Op::Move { dst, src });
    }

    /// `dst = a op b`.
    pub fn binary(&mut self, op: BinaryOp, width: Width, dst: Slot, a: Operand, b: Operand) {
        self.op(Op::Binary {
            op,
            width,
            dst,
            a,
            b,
        });
    }

    /// `dst = op a`.
    pub fn unary(&mut self, op: UnaryOp, dst: Slot, a: Operand) {
        self.op(Op::Unary { op, dst, a });
    }

    /// `dst = cond(a, b)`.
    pub fn set_if(&mut self, cond: Cond, dst: Slot, a: Operand, b: Operand) {
        self.op(Op::SetIf { cond, dst, a, b });
    }

    /// `dst = if test != 0 { a } else { b }`.
    pub fn select(&mut self, dst: Slot, test: Operand, a: Operand, b: Operand) {
        self.op(Op::Select { dst, test, a, b });
    }

    /// `dst =` the instruction's address `+ distance`.
    pub fn pc_relative(&mut self, dst: Slot, distance: i32) {
        let from_start = Operand::Imm(self.target(distance));
        self.binary(BinaryOp::Add, Width::W64, dst, fixed::PC.into(), from_start);
    }

    /// `dst =` the next instruction's address.
    pub fn link(&mut self, dst: Slot) {
        let next = Operand::Imm(self.next.into());
        self.binary(BinaryOp::Add, Width::W64, dst, fixed::PC.into(), next);
    }

    /// Loads.
    pub fn load(&mut self, dst: Slot, base: Operand, offset: i32, size: AccessSize, ext: Extend) {
        self.op(Op::Load {
            dst,
            base,
            offset,
            size,
            extend: ext,
        });
    }

    /// Stores.
    pub fn store(&mut self, src: Operand, base: Operand, offset: i32, size: AccessSize) {
        self.op(Op::Store {
            src,
            base,
            offset,
            size,
        });
    }

    /// Calls a helper that returns to the block.
    pub fn helper(&mut self, helper: HelperId, dst: Option<Slot>, args: [Operand; 3]) {
        self.op(Op::Helper { helper, dst, args });
    }

    /// Ends the block with a helper.
    pub fn end_helper(&mut self, helper: HelperId, dst: Option<Slot>, args: [Operand; 3]) {
        self.end = Some(Terminator::Helper {
            helper,
            dst,
            args,
            next: self.next.into(),
        });
    }

    /// Goes on at `distance`, within the block if that is ahead.
    pub fn jump(&mut self, distance: i32) {
        match u16::try_from(self.target(distance)) {
            Ok(target) if target >= self.bytes => self.next = target,
            _ => self.end_jump(distance, JumpHint::Plain),
        }
    }

    /// Leaves the block for `distance` if the comparison holds, and goes on within
    /// it otherwise if the target is ahead: what is behind is likely a loop, whose
    /// branch is more often taken.
    pub fn branch(&mut self, cond: Cond, a: Operand, b: Operand, distance: i32) {
        let offset = self.target(distance);
        if distance > 0 {
            self.op(Op::SideExit { cond, a, b, offset });
            self.exits += 1;
        } else {
            self.end = Some(Terminator::Branch {
                cond,
                a,
                b,
                taken: offset,
                fallthrough: self.next.into(),
            });
        }
    }

    /// Ends the block with a jump to `distance`.
    pub fn end_jump(&mut self, distance: i32, hint: JumpHint) {
        self.end = Some(Terminator::Jump {
            offset: self.target(distance),
            hint,
        });
    }

    /// Ends the block with a jump to the address in `target`.
    pub fn end_jump_indirect(&mut self, target: Operand, hint: JumpHint) {
        self.end = Some(Terminator::JumpIndirect { target, hint });
    }

    /// Offset from the block's start of what lies `distance` away.
    fn target(&self, distance: i32) -> i64 {
        i64::from(self.offset) + i64::from(distance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_relative_to_the_block() {
        let (dst, link) = (Slot(5), Slot(1));
        let mut b = BlockBuilder::default();
        b.begin(2);
        b.begin(4);
        b.pc_relative(dst, -8);
        b.link(link);
        b.branch(Cond::Eq, ZERO, link.into(), 16);
        let block = b.finish();
        let add = |dst, imm| Op::Binary {
            op: BinaryOp::Add,
            width: Width::W64,
            dst,
            a: fixed::PC.into(),
            b: Operand::Imm(imm),
        };
        assert_eq!(block.ops[2..], [add(dst, -6), add(link, 6)]);
        let Terminator::Branch {
            taken, fallthrough, ..
        } = block.end
        else {
            panic!("{:?}", block.end);
        };
        assert_eq!((taken, fallthrough), (18, 6));
        assert_eq!((block.insns, block.bytes), (2, 6));
    }

    #[test]
    fn jumps_back_into_the_block_end_it() {
        for distance in [-4, 0, 1] {
            let mut b = BlockBuilder::default();
            b.begin(4);
            b.begin(2);
            b.jump(distance);
            assert!(b.is_ended(), "{distance}");
        }
        let mut b = BlockBuilder::default();
        b.begin(4);
        b.jump(0x1_0000);
        assert!(b.is_ended(), "further than a block can reach");
    }
}
