//! Fusion of pairs that compilers emit: shift left and right to extend,
//! compare and branch, two shifts and an `or` to rotate. Pairs with constants (`lui` and `addi`, `auipc` and
//! `addi`, load or `jalr`) need nothing here: folding makes one of them.

use super::values::{Value, Values};
use crate::ir::{BinaryOp, Cond, Op, Operand, Slot, Terminator, UnaryOp, Width};

/// An op that does the work of this one and an earlier one, if there is one.
pub(super) fn op(op: &Op, values: &Values) -> Option<Op> {
    match *op {
        Op::Binary {
            op: kind @ (BinaryOp::Shr | BinaryOp::Sar),
            width: Width::W64,
            dst,
            a,
            b: Operand::Imm(right),
        } => match values.operand(a) {
            Value::Shift(BinaryOp::Shl, source, left) if i64::from(left) == right & 63 => {
                extension(kind, dst, source.into(), left)
            }
            _ => None,
        },
        Op::Binary {
            op: BinaryOp::Or | BinaryOp::Add | BinaryOp::Xor,
            width,
            dst,
            a,
            b,
        } => rotation(width, dst, values.operand(a), values.operand(b)),
        Op::SetIf { cond, dst, a, b } => {
            let (cond, a, b) = comparison(cond, a, b, values)?;
            Some(Op::SetIf { cond, dst, a, b })
        }
        Op::SideExit { cond, a, b, offset } => {
            let (cond, a, b) = comparison(cond, a, b, values)?;
            Some(Op::SideExit { cond, a, b, offset })
        }
        _ => None,
    }
}

/// A shift left and then right by the same amount, as an extension.
fn extension(kind: BinaryOp, dst: Slot, a: Operand, amount: u8) -> Option<Op> {
    let unary = |op| Some(Op::Unary { op, dst, a });
    match (kind, amount) {
        (BinaryOp::Shr, 32) => unary(UnaryOp::ZeroExtend32),
        (BinaryOp::Shr, 48) => unary(UnaryOp::ZeroExtend16),
        (BinaryOp::Shr, 56) => unary(UnaryOp::ZeroExtend8),
        (BinaryOp::Sar, 32) => unary(UnaryOp::SignExtend32),
        (BinaryOp::Sar, 48) => unary(UnaryOp::SignExtend16),
        (BinaryOp::Sar, 56) => unary(UnaryOp::SignExtend8),
        (BinaryOp::Shr, _) => {
            let mask = Operand::Imm((u64::MAX >> amount) as i64);
            Some(Op::Binary {
                op: BinaryOp::And,
                width: Width::W64,
                dst,
                a,
                b: mask,
            })
        }
        _ => None,
    }
}

/// Two shifts of one value that together cover its bits, combined: a rotation.
fn rotation(width: Width, dst: Slot, a: Value, b: Value) -> Option<Op> {
    let (a, width, bits, left, right) = match (width, a, b) {
        (Width::W64, Value::Shift(first, a, left), Value::Shift(second, b, right)) if a == b => {
            (a, Width::W64, 64, (first, left), (second, right))
        }
        (
            Width::W64 | Width::W32S,
            Value::NarrowShift(first, a, left),
            Value::NarrowShift(second, b, right),
        ) if a == b => (a, Width::W32S, 32, (first, left), (second, right)),
        _ => return None,
    };
    let amount = match (left, right) {
        ((BinaryOp::Shl, left), (BinaryOp::Shr, right))
        | ((BinaryOp::Shr, right), (BinaryOp::Shl, left))
            if left + right == bits && left != 0 =>
        {
            right
        }
        _ => return None,
    };
    Some(Op::Binary {
        op: BinaryOp::Ror,
        width,
        dst,
        a: a.into(),
        b: Operand::Imm(amount.into()),
    })
}

/// The terminator, or one that does the work of an earlier comparison too.
pub(super) fn end(end: Terminator, values: &Values) -> Terminator {
    let Terminator::Branch {
        cond,
        a,
        b,
        taken,
        fallthrough,
    } = end
    else {
        return end;
    };
    match comparison(cond, a, b, values) {
        Some((cond, a, b)) => Terminator::Branch {
            cond,
            a,
            b,
            taken,
            fallthrough,
        },
        None => end,
    }
}

/// The comparison whose result `a` is, or its opposite, if the two compare
/// that result with 0.
fn comparison(
    cond: Cond,
    a: Operand,
    b: Operand,
    values: &Values,
) -> Option<(Cond, Operand, Operand)> {
    match (cond, values.operand(a), b) {
        (Cond::Ne, Value::Compare(cond, a, b), Operand::Imm(0)) => Some((cond, a, b)),
        (Cond::Eq, Value::Compare(cond, a, b), Operand::Imm(0)) => Some((opposite(cond), a, b)),
        _ => None,
    }
}

fn opposite(cond: Cond) -> Cond {
    match cond {
        Cond::Eq => Cond::Ne,
        Cond::Ne => Cond::Eq,
        Cond::LtS => Cond::GeS,
        Cond::GeS => Cond::LtS,
        Cond::LtU => Cond::GeU,
        Cond::GeU => Cond::LtU,
    }
}
