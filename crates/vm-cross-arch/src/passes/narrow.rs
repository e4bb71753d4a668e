//! Which results are 32-bit values, sign-extended: to extend them again does nothing.

use vm_core::AccessSize;

use super::values::Values;
use crate::ir::{BinaryOp, Extend, IntFormat, Op, Operand, UnaryOp, Width};

/// Whether the op's result is a sign-extended 32-bit value, whatever its
/// operands or because of what is known of them.
pub(super) fn extends(op: &Op, values: &Values) -> bool {
    let narrow = |operand| is_narrow(operand, values);
    match *op {
        Op::Move { src, .. } => narrow(src),
        Op::Binary {
            width: Width::W32S, ..
        } => true,
        Op::Binary {
            op,
            width: Width::W64,
            a,
            b,
            ..
        } => binary_extends(op, a, b, values),
        Op::Binary {
            width: Width::W32Z, ..
        } => false,
        Op::Unary { op, .. } => !matches!(
            op,
            UnaryOp::ZeroExtend32
                | UnaryOp::ByteSwap64
                | UnaryOp::OrCombineBytes
                | UnaryOp::UnboxF32
        ),
        Op::SetIf { .. } | Op::FpCompare { .. } | Op::FpClassify { .. } => true,
        Op::Select { a, b, .. } => narrow(a) && narrow(b),
        Op::Load { size, extend, .. } => match extend {
            Extend::Sign => size <= AccessSize::Word,
            Extend::Zero => size < AccessSize::Word,
            Extend::Ones => false,
        },
        Op::AtomicRmw { size, .. }
        | Op::CompareExchange { size, .. }
        | Op::LoadReserved { size, .. } => size == AccessSize::Word,
        Op::StoreConditional { .. } => true,
        Op::FpToInt { to, .. } => matches!(to, IntFormat::I32 | IntFormat::U32),
        Op::Insn { .. }
        | Op::Store { .. }
        | Op::ZeroBlock { .. }
        | Op::Fence { .. }
        | Op::FpBinary { .. }
        | Op::FpMulAdd { .. }
        | Op::FpSqrt { .. }
        | Op::IntToFp { .. }
        | Op::FpToFp { .. }
        | Op::SideExit { .. }
        | Op::Helper { .. } => false,
    }
}

fn binary_extends(op: BinaryOp, a: Operand, b: Operand, values: &Values) -> bool {
    use BinaryOp as B;
    let both = || is_narrow(a, values) && is_narrow(b, values);
    match (op, b) {
        // Nothing but bits that a positive number has.
        (B::And, Operand::Imm(mask)) if i32::try_from(mask).is_ok_and(|mask| mask >= 0) => true,
        (B::And | B::Or | B::Xor | B::AndNot | B::OrNot | B::XorNot, _) => both(),
        (B::MinS | B::MaxS | B::MinU | B::MaxU, _) => both(),
        (B::Shr, Operand::Imm(amount)) => amount & 63 > 32,
        (B::Sar, Operand::Imm(amount)) => amount & 63 >= 32 || is_narrow(a, values),
        _ => false,
    }
}

fn is_narrow(operand: Operand, values: &Values) -> bool {
    match operand {
        Operand::Imm(value) => i32::try_from(value).is_ok(),
        Operand::Slot(slot) => values.is_narrow(slot),
    }
}

/// What an extension becomes: a move where that is extended already.
pub(super) fn fold(op: &Op, values: &Values) -> Option<Op> {
    match *op {
        // RISC-V's `sext.w`.
        Op::Binary {
            op: BinaryOp::Add | BinaryOp::Or | BinaryOp::Xor | BinaryOp::Sub,
            width: Width::W32S,
            dst,
            a,
            b: Operand::Imm(0),
        } => Some(if is_narrow(a, values) {
            Op::Move { dst, src: a }
        } else {
            let op = UnaryOp::SignExtend32;
            Op::Unary { op, dst, a }
        }),
        Op::Unary {
            op: UnaryOp::SignExtend32,
            dst,
            a,
        } if is_narrow(a, values) => Some(Op::Move { dst, src: a }),
        _ => None,
    }
}
