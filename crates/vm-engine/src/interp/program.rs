//! A lowered block.

use vm_cross_arch::ir::{Cond, Op, Operand, Terminator};

use super::micro::MicroOp;

/// A block, lowered.
#[derive(Debug)]
pub struct Program {
    pub(super) ops: Box<[MicroOp]>,
    /// Ops without a micro-op of their own.
    pub(super) cold: Box<[Op]>,
    pub(super) end: End,
    /// Where each guest instruction starts.
    marks: Box<[Mark]>,
    /// Number of guest instructions.
    pub insns: u16,
    /// Length of the guest code in bytes.
    pub bytes: u16,
}

#[derive(Debug, Clone, Copy)]
struct Mark {
    /// Index of the instruction's first micro-op.
    op: u16,
    /// Bytes from the block's start.
    offset: u16,
    /// Length of the instruction in bytes.
    len: u8,
}

/// A guest instruction of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Its number, from 0: so many instructions before it have retired.
    pub number: u16,
    /// Its offset from the block's start, in bytes.
    pub offset: u16,
    /// Its length, in bytes.
    pub len: u8,
}

/// How a program ends.
#[derive(Debug)]
pub(super) enum End {
    Jump {
        offset: i64,
    },
    Branch {
        cond: Cond,
        a: u8,
        b: u8,
        taken: i32,
        fallthrough: i32,
    },
    JumpIndirect {
        target: Operand,
    },
    Other(Terminator),
}

impl Program {
    pub(super) fn new(ops: Vec<MicroOp>, cold: Vec<Op>, end: End, marks: Marks) -> Self {
        let Marks { list, insns, bytes } = marks;
        Self {
            ops: ops.into(),
            cold: cold.into(),
            end,
            marks: list.into(),
            insns,
            bytes,
        }
    }

    /// A program of no instructions that jumps to itself.
    #[cfg(test)]
    pub fn empty() -> Self {
        Self::new(
            Vec::new(),
            Vec::new(),
            End::Jump { offset: 0 },
            Marks::default(),
        )
    }

    /// The guest instruction that micro-op number `op` belongs to; `op` may be
    /// the number of micro-ops, for the terminator's instruction.
    pub fn position(&self, op: usize) -> Position {
        let after = self
            .marks
            .partition_point(|mark| usize::from(mark.op) <= op);
        let number = after.saturating_sub(1);
        let (offset, len) = self.marks.get(number).map_or((0, 0), |m| (m.offset, m.len));
        Position {
            number: number as u16,
            offset,
            len,
        }
    }

    /// The last guest instruction: the terminator's.
    pub fn last(&self) -> Position {
        self.position(self.ops.len())
    }

    /// The guest instructions: offset from the block's start, and length, in bytes.
    pub fn instructions(&self) -> impl Iterator<Item = (u16, u8)> {
        self.marks.iter().map(|mark| (mark.offset, mark.len))
    }

    /// Bytes of host memory beyond the structure itself.
    pub fn footprint(&self) -> usize {
        size_of_val(&*self.ops) + size_of_val(&*self.cold) + size_of_val(&*self.marks)
    }
}

/// The marks of a program being built.
#[derive(Default)]
pub(super) struct Marks {
    list: Vec<Mark>,
    insns: u16,
    bytes: u16,
}

impl Marks {
    pub(super) fn new(insns: u16, bytes: u16) -> Self {
        Self {
            list: Vec::with_capacity(insns.into()),
            insns,
            bytes,
        }
    }

    /// How many instructions have retired after the current one.
    pub(super) fn retired(&self) -> u16 {
        self.list.len() as u16
    }

    pub(super) fn push(&mut self, op: usize, offset: u16, len: u8) {
        self.list.push(Mark {
            op: op as u16,
            offset,
            len,
        });
    }
}
