//! From IR to micro-ops.

use vm_core::AccessSize;
use vm_cross_arch::ir::{
    BinaryOp, Block, Cond, Extend, Op, Operand, Slot, Terminator, UnaryOp, Width, fixed, pairs,
};

use super::{
    micro::{MicroOp, for_each_hot},
    program::{End, Marks, Program},
};

/// Lowers a block.
pub fn lower(block: &Block) -> Program {
    let mut ops = Vec::with_capacity(block.ops.len());
    let mut cold = Vec::new();
    let mut pairs = pairs::find(block);
    let mut marks = Marks::new(block.insns, block.bytes);
    for op in &block.ops {
        if let Op::Insn { offset, len } = *op {
            marks.push(ops.len(), offset, len);
            continue;
        }
        let retired = marks.retired();
        ops.push(hot(op, retired).unwrap_or_else(|| {
            let index = cold.len() as u16;
            cold.push(*op);
            match op {
                Op::SideExit { .. } => MicroOp::ColdExit { index, retired },
                Op::LoadReserved { .. } | Op::StoreConditional { .. }
                    if pairs.next() == Some(true) =>
                {
                    MicroOp::Paired { index }
                }
                _ => MicroOp::Cold { index },
            }
        }));
    }
    Program::new(ops, cold, lower_end(&block.end), marks)
}

/// The slot that holds the operand's value: its own, or the one that is always 0.
fn slot(operand: Operand) -> Option<u8> {
    match operand {
        Operand::Slot(slot) => Some(slot.0),
        Operand::Imm(0) => Some(fixed::ZERO.0),
        Operand::Imm(_) => None,
    }
}

/// The micro-op for `op`, if there is one; `retired` instructions of the block have
/// retired after that of `op`.
fn hot(op: &Op, retired: u16) -> Option<MicroOp> {
    match *op {
        Op::Move {
            dst,
            src: Operand::Imm(imm),
        } => Some(MicroOp::MoveImm { dst: dst.0, imm }),
        Op::Move {
            dst,
            src: Operand::Slot(a),
        } => Some(MicroOp::MoveSlot { dst: dst.0, a: a.0 }),
        Op::Binary {
            op,
            width,
            dst,
            a,
            b,
        } => hot_binary(op, width, dst.0, slot(a)?, b),
        Op::Unary { op, dst, a } => hot_unary(op, dst.0, slot(a)?),
        Op::SetIf { cond, dst, a, b } => hot_set(cond, dst.0, slot(a)?, b),
        Op::Select { dst, test, a, b } => Some(MicroOp::Select {
            dst: dst.0,
            test: slot(test)?,
            a: slot(a)?,
            b: slot(b)?,
        }),
        Op::Load {
            dst,
            base,
            offset,
            size,
            extend,
        } => hot_load(size, extend, dst, slot(base)?, offset),
        Op::Store {
            src,
            base,
            offset,
            size,
        } => Some(hot_store(size, slot(src)?, slot(base)?, offset)),
        Op::SideExit { cond, a, b, offset } => {
            let to = i32::try_from(offset).ok()?;
            hot_exit(cond, slot(a)?, b, retired, to)
        }
        // Those that are rare, and those that take long anyway.
        Op::Insn { .. }
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
        | Op::Helper { .. } => None,
    }
}

macro_rules! define_hot {
    (
        ()
        [$($rr:ident $ri:ident $op:ident $width:ident;)*]
        [$($exit_rr:ident $exit_ri:ident $cond:ident;)*]
    ) => {
        fn hot_binary(op: BinaryOp, width: Width, dst: u8, a: u8, b: Operand) -> Option<MicroOp> {
            match (op, width, b) {
                $(
                    (BinaryOp::$op, Width::$width, Operand::Slot(b)) => {
                        Some(MicroOp::$rr { dst, a, b: b.0 })
                    }
                    (BinaryOp::$op, Width::$width, Operand::Imm(imm)) => {
                        Some(MicroOp::$ri { dst, a, imm })
                    }
                )*
                _ => None,
            }
        }

        /// The exit `cond(a, b)`, after which `retired` instructions have retired.
        fn hot_exit(cond: Cond, a: u8, b: Operand, retired: u16, to: i32) -> Option<MicroOp> {
            match (cond, b) {
                $(
                    (Cond::$cond, Operand::Slot(b)) => {
                        Some(MicroOp::$exit_rr { a, b: b.0, retired, to })
                    }
                    (Cond::$cond, Operand::Imm(imm)) => {
                        let imm = i32::try_from(imm).ok()?;
                        Some(MicroOp::$exit_ri { a, retired, imm, to })
                    }
                )*
            }
        }
    };
}
for_each_hot!(define_hot!());

fn hot_unary(op: UnaryOp, dst: u8, a: u8) -> Option<MicroOp> {
    match op {
        UnaryOp::SignExtend32 => Some(MicroOp::SignExtend32 { dst, a }),
        UnaryOp::ZeroExtend32 => Some(MicroOp::ZeroExtend32 { dst, a }),
        UnaryOp::ZeroExtend16 => Some(MicroOp::ZeroExtend16 { dst, a }),
        _ => None,
    }
}

fn hot_set(cond: Cond, dst: u8, a: u8, b: Operand) -> Option<MicroOp> {
    match (cond, b) {
        (Cond::LtS, Operand::Slot(b)) => Some(MicroOp::SetLtSRR { dst, a, b: b.0 }),
        (Cond::LtS, Operand::Imm(imm)) => Some(MicroOp::SetLtSRI { dst, a, imm }),
        (Cond::LtU, Operand::Slot(b)) => Some(MicroOp::SetLtURR { dst, a, b: b.0 }),
        (Cond::LtU, Operand::Imm(imm)) => Some(MicroOp::SetLtURI { dst, a, imm }),
        _ => None,
    }
}

fn hot_load(size: AccessSize, extend: Extend, dst: Slot, base: u8, offset: i32) -> Option<MicroOp> {
    let dst = dst.0;
    match (size, extend) {
        (AccessSize::Byte, Extend::Sign) => Some(MicroOp::LoadS8 { dst, base, offset }),
        (AccessSize::Byte, Extend::Zero) => Some(MicroOp::LoadU8 { dst, base, offset }),
        (AccessSize::Half, Extend::Sign) => Some(MicroOp::LoadS16 { dst, base, offset }),
        (AccessSize::Half, Extend::Zero) => Some(MicroOp::LoadU16 { dst, base, offset }),
        (AccessSize::Word, Extend::Sign) => Some(MicroOp::LoadS32 { dst, base, offset }),
        (AccessSize::Word, Extend::Zero) => Some(MicroOp::LoadU32 { dst, base, offset }),
        (AccessSize::Double, _) => Some(MicroOp::Load64 { dst, base, offset }),
        _ => None,
    }
}

fn hot_store(size: AccessSize, src: u8, base: u8, offset: i32) -> MicroOp {
    match size {
        AccessSize::Byte => MicroOp::Store8 { src, base, offset },
        AccessSize::Half => MicroOp::Store16 { src, base, offset },
        AccessSize::Word => MicroOp::Store32 { src, base, offset },
        AccessSize::Double => MicroOp::Store64 { src, base, offset },
    }
}

fn lower_end(end: &Terminator) -> End {
    match *end {
        Terminator::Jump { offset, .. } => End::Jump { offset },
        Terminator::JumpIndirect { target, .. } => End::JumpIndirect { target },
        Terminator::Branch {
            cond,
            a,
            b,
            taken,
            fallthrough,
        } => {
            let narrow = (i32::try_from(taken), i32::try_from(fallthrough));
            match (slot(a), slot(b), narrow) {
                (Some(a), Some(b), (Ok(taken), Ok(fallthrough))) => End::Branch {
                    cond,
                    a,
                    b,
                    taken,
                    fallthrough,
                },
                _ => End::Other(*end),
            }
        }
        Terminator::Helper { .. } => End::Other(*end),
    }
}
