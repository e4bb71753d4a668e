//! What the rest of a block needs of each op: one walk from its end.

use vm_core::AccessSize;

use crate::ir::{BinaryOp, Block, Op, Operand, SlotSet, UnaryOp, Width};

/// What need not be done for an op, as bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::host) struct Needs(u8);

impl Needs {
    const INTERNAL: u8 = 0x80;
    const LOW_HALF: u8 = 0x40;

    /// Whether the result is overwritten before the block can be left: memory
    /// need not have it.
    pub(in crate::host) fn is_internal(self) -> bool {
        self.0 & Self::INTERNAL != 0
    }

    /// Whether nobody reads the upper half of the result.
    pub(in crate::host) fn is_low_half(self) -> bool {
        self.0 & Self::LOW_HALF != 0
    }

    /// Whether nobody reads the op's operand number `number` later.
    pub(in crate::host) fn is_last_use(self, number: u32) -> bool {
        self.0 >> number & 1 != 0
    }
}

/// Which slots somebody reads below.
struct Live {
    any: SlotSet,
    /// Those of which somebody reads more than the low half.
    upper: SlotSet,
    /// Guest slots that must be in memory before they are written again.
    memory: SlotSet,
}

/// For each op of the block what is needed of it.
pub(in crate::host) fn analyze(block: &Block) -> Vec<Needs> {
    let mut live = Live {
        any: SlotSet::GUEST,
        upper: SlotSet::GUEST,
        memory: SlotSet::GUEST,
    };
    block.end.for_each_operand(|operand| {
        if let Operand::Slot(slot) = operand {
            live.any.insert(slot);
            live.upper.insert(slot);
        }
    });
    let mut all = vec![Needs::default(); block.ops.len()];
    for (op, needs) in block.ops.iter().zip(&mut all).rev() {
        if !matches!(op, Op::Insn { .. }) {
            *needs = live.visit(op);
        }
    }
    all
}

impl Live {
    fn visit(&mut self, op: &Op) -> Needs {
        let mut needs = 0;
        let mut wants_upper = true;
        if let Some(dst) = op.dst() {
            if !self.memory.contains(dst) {
                needs |= Needs::INTERNAL;
            }
            wants_upper = self.upper.contains(dst);
            if !wants_upper {
                needs |= Needs::LOW_HALF;
            }
            self.memory.remove(dst);
            self.any.remove(dst);
            self.upper.remove(dst);
        }
        if op.may_leave() {
            self.any.insert_all(&SlotSet::GUEST);
            self.upper.insert_all(&SlotSet::GUEST);
            self.memory.insert_all(&SlotSet::GUEST);
        }
        let upper = upper_operands(op, wants_upper);
        let mut bit = 1;
        op.for_each_operand(|operand| {
            if let Operand::Slot(slot) = operand {
                if !self.any.contains(slot) {
                    needs |= bit;
                    self.any.insert(slot);
                }
                if upper & bit != 0 {
                    self.upper.insert(slot);
                }
            }
            bit <<= 1;
        });
        Needs(needs)
    }
}

/// Of which operands, bit by bit, the op reads the upper half, if that of its
/// result is read or not.
fn upper_operands(op: &Op, of_result: bool) -> u8 {
    const ALL: u8 = 7;
    const NONE: u8 = 0;
    let as_result = if of_result { ALL } else { NONE };
    match *op {
        Op::Move { .. } => as_result,
        Op::Binary { width, .. } if width != Width::W64 => NONE,
        Op::Binary { op, b, .. } => match op {
            // The low half depends on low halves only.
            BinaryOp::Add
            | BinaryOp::Sub
            | BinaryOp::And
            | BinaryOp::Or
            | BinaryOp::Xor
            | BinaryOp::AndNot
            | BinaryOp::OrNot
            | BinaryOp::XorNot
            | BinaryOp::Mul
            | BinaryOp::Sh1Add
            | BinaryOp::Sh2Add
            | BinaryOp::Sh3Add => as_result,
            BinaryOp::Shl if b.imm().is_some() => as_result,
            _ => ALL,
        },
        Op::Unary {
            op:
                UnaryOp::SignExtend8
                | UnaryOp::SignExtend16
                | UnaryOp::SignExtend32
                | UnaryOp::ZeroExtend8
                | UnaryOp::ZeroExtend16
                | UnaryOp::ZeroExtend32
                | UnaryOp::CountLeadingZeros32
                | UnaryOp::CountTrailingZeros32
                | UnaryOp::PopCount32,
            ..
        } => NONE,
        // The value is the first operand, the address the second.
        Op::Store { size, .. } if size < AccessSize::Double => 2,
        Op::Insn { .. }
        | Op::Unary { .. }
        | Op::SetIf { .. }
        | Op::Select { .. }
        | Op::Load { .. }
        | Op::Store { .. }
        | Op::ZeroBlock { .. }
        | Op::AtomicRmw { .. }
        | Op::CompareExchange { .. }
        | Op::LoadReserved { .. }
        | Op::StoreConditional { .. }
        | Op::Fence { .. }
        | Op::FpBinary { .. }
        | Op::FpMulAdd { .. }
        | Op::FpSqrt { .. }
        | Op::FpCompare { .. }
        | Op::FpClassify { .. }
        | Op::FpToInt { .. }
        | Op::IntToFp { .. }
        | Op::FpToFp { .. }
        | Op::SideExit { .. }
        | Op::Helper { .. } => ALL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the ops of a block need, without the marks of instructions.
    fn needs(body: &str) -> Vec<Needs> {
        let block: Block = format!("block 1, 4\ninsn 0, 4\n{body}\njump.plain 4")
            .parse()
            .unwrap();
        analyze(&block).split_off(1)
    }

    #[test]
    fn what_is_overwritten_stays_inside() {
        let all = needs("s5 = add.w64 s6, 1\ns7 = add.w64 s5, 1\ns5 = move 0");
        assert!(all[0].is_internal() && !all[1].is_internal() && !all[2].is_internal());
        assert!(all[1].is_last_use(0));
    }

    #[test]
    fn a_fault_shows_what_was_written_before() {
        let all = needs("s5 = add.w32s s6, 1\ns7 = load.d.zero s8, 0\ns5 = move 0");
        assert!(!all[0].is_internal() && !all[0].is_low_half());
        let all = needs("s5 = add.w64 s6, 1\ns5 = load.d.zero s5, 0");
        assert!(!all[0].is_internal(), "the load itself may fault");
    }

    #[test]
    fn upper_halves_count_where_they_are_read() {
        let body = |next: &str| format!("s5 = add.w32s s6, 1\n{next}\ns5 = move 0\ns7 = move 0");
        for (next, low_half) in [
            ("s7 = xor.w32s s5, s8", true),
            ("s8 = sext32 s5", true),
            ("s8 = xor.w64 s5, s9", false),
            ("s7 = xor.w64 s5, s9", true),
            ("s7 = shr.w64 s5, 1", false),
            ("s7 = shl.w64 s5, 1", true),
            ("s7 = shl.w64 s6, s5", false),
            ("s8 = move s5", false),
        ] {
            let first = needs(&body(next))[0];
            assert_eq!(first.is_low_half(), low_half, "{next}");
        }
    }
}
