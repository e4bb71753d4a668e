//! The forward walk: constant folding and propagation, fusion.

use super::{
    Passes, fuse, narrow, side_exits,
    values::{Value, Values},
};
use crate::ir::{
    BinaryOp, Block, GuestInfo, JumpHint, Op, Operand, Slot, Terminator, Width, eval, fixed,
};

/// Something that finds an op that does the same with less.
type Rule = fn(&Op, &Values) -> Option<Op>;

pub(super) fn run(block: &mut Block, passes: Passes, guest: &GuestInfo) {
    let mut values = Values::new();
    let mut taken = None;
    for (index, op) in block.ops.iter_mut().enumerate() {
        if let Op::Insn { .. } = op {
            continue;
        }
        if passes.constants {
            simplify_operands(op, &values);
        }
        let exit = side_exits::as_written(op);
        if has_rules(op) {
            simplify(op, &values, passes);
        }
        if side_exits::outcome(op) == Some(true) {
            taken = Some(index);
            break;
        }
        record(op, &mut values, guest);
        if let Some(exit) = exit {
            side_exits::record(&exit, &mut values);
        }
    }
    if let Some(index) = taken {
        return side_exits::end_at(block, index);
    }
    end(&mut block.end, &values, passes);
}

fn end(end: &mut Terminator, values: &Values, passes: Passes) {
    if passes.constants {
        end.for_each_operand_mut(|operand| *operand = values.simplest(*operand));
    }
    if passes.fusion {
        *end = fuse::end(*end, values);
    }
    if passes.constants {
        *end = fold_end(*end, values);
    }
}

fn simplify_operands(op: &mut Op, values: &Values) {
    op.for_each_operand_mut(|operand| *operand = values.simplest(*operand));
}

/// Whether there is a rule for such an op.
fn has_rules(op: &Op) -> bool {
    match op {
        Op::Binary { .. }
        | Op::Unary { .. }
        | Op::SetIf { .. }
        | Op::Select { .. }
        | Op::Load { .. }
        | Op::Store { .. }
        | Op::SideExit { .. } => true,
        Op::Insn { .. }
        | Op::Move { .. }
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
        | Op::Helper { .. } => false,
    }
}

/// Has the op do the same with less. Ops are large: only those that change are written
/// again.
fn simplify(op: &mut Op, values: &Values, passes: Passes) {
    for (wanted, rule) in [
        (passes.constants, fold as Rule),
        (passes.constants, narrow::fold),
        (passes.fusion, fuse::op),
    ] {
        if wanted && let Some(simpler) = rule(op, values) {
            *op = simpler;
        }
    }
}

/// An op that does the same with less, if there is one.
fn fold(op: &Op, values: &Values) -> Option<Op> {
    let constant = |dst, value: u64| Op::Move {
        dst,
        src: Operand::Imm(value as i64),
    };
    Some(match *op {
        Op::Binary {
            op: kind,
            width,
            dst,
            a,
            b,
        } => match (a, b) {
            (Operand::Imm(a), Operand::Imm(b)) => {
                constant(dst, eval::binary(kind, width, a as u64, b as u64))
            }
            _ if width == Width::W64 => return fold_binary(kind, dst, (a, b), values),
            _ => return None,
        },
        Op::Unary {
            op,
            dst,
            a: Operand::Imm(a),
        } => constant(dst, eval::unary(op, a as u64)),
        Op::SetIf {
            cond,
            dst,
            a: Operand::Imm(a),
            b: Operand::Imm(b),
        } => constant(dst, eval::condition(cond, a as u64, b as u64).into()),
        Op::Select {
            dst,
            test: Operand::Imm(test),
            a,
            b,
        } => Op::Move {
            dst,
            src: if test != 0 { a } else { b },
        },
        Op::Load {
            dst,
            base,
            offset,
            size,
            extend,
        } => {
            let (base, offset) = fold_address(base, offset, values)?;
            Op::Load {
                dst,
                base,
                offset,
                size,
                extend,
            }
        }
        Op::Store {
            src,
            base,
            offset,
            size,
        } => {
            let (base, offset) = fold_address(base, offset, values)?;
            Op::Store {
                src,
                base,
                offset,
                size,
            }
        }
        _ => return None,
    })
}

/// The same for `dst = a op b` of 64 bits.
fn fold_binary(op: BinaryOp, dst: Slot, (a, b): (Operand, Operand), values: &Values) -> Option<Op> {
    use BinaryOp as B;
    let binary = |a, b| Op::Binary {
        op,
        width: Width::W64,
        dst,
        a,
        b,
    };
    match (op, values.operand(a), b) {
        // Addition of constants to the block's address, in one step.
        (B::Add, Value::PcPlus(base), Operand::Imm(offset)) => {
            let offset = Operand::Imm(base.wrapping_add(offset));
            Some(binary(fixed::PC.into(), offset))
        }
        (B::Add | B::Sub | B::Or | B::Xor | B::Shl | B::Shr | B::Sar, _, Operand::Imm(0)) => {
            Some(Op::Move { dst, src: a })
        }
        (B::Add | B::Or | B::Xor, Value::Const(0), _) => Some(Op::Move { dst, src: b }),
        // Constants go to the right, where tiers have immediate forms.
        (B::Add | B::And | B::Or | B::Xor, Value::Const(_), _) => Some(binary(b, a)),
        _ => None,
    }
}

/// A base that is a constant away from the block's address moves the constant
/// into the offset, if it fits.
fn fold_address(base: Operand, offset: i32, values: &Values) -> Option<(Operand, i32)> {
    match values.operand(base) {
        Value::PcPlus(distance) => {
            let sum = distance.checked_add(i64::from(offset))?;
            Some((Operand::Slot(fixed::PC), i32::try_from(sum).ok()?))
        }
        Value::Const(address) => {
            let address = address.wrapping_add(i64::from(offset));
            (offset != 0).then_some((Operand::Imm(address), 0))
        }
        _ => None,
    }
}

fn fold_end(end: Terminator, values: &Values) -> Terminator {
    match end {
        Terminator::Branch {
            cond,
            a: Operand::Imm(a),
            b: Operand::Imm(b),
            taken,
            fallthrough,
        } => {
            let holds = eval::condition(cond, a as u64, b as u64);
            let offset = if holds { taken } else { fallthrough };
            Terminator::Jump {
                offset,
                hint: JumpHint::Plain,
            }
        }
        Terminator::JumpIndirect { target, hint } => match values.operand(target) {
            Value::PcPlus(offset) => Terminator::Jump { offset, hint },
            _ => end,
        },
        _ => end,
    }
}

/// Takes note of what the op writes.
fn record(op: &Op, values: &mut Values, guest: &GuestInfo) {
    if let Op::Helper { helper, .. } = *op {
        values.forget(&guest.effects_of(helper).writes);
    }
    if op.accrues_flags() {
        values.write(fixed::FP_FLAGS, Value::Unknown);
        values.note_narrow(fixed::FP_FLAGS, false);
    }
    let Some(dst) = op.dst() else { return };
    let narrow = narrow::extends(op, values);
    let value = match *op {
        Op::Move {
            src: Operand::Imm(value),
            ..
        } => Value::Const(value),
        Op::Move {
            src: Operand::Slot(source),
            ..
        } => match values.get(source) {
            Value::Unknown => Value::Copy(source),
            value => value,
        },
        Op::Binary {
            op,
            width: Width::W64,
            a: Operand::Slot(a),
            b: Operand::Imm(b),
            ..
        } => match op {
            BinaryOp::Add if a == fixed::PC => Value::PcPlus(b),
            BinaryOp::Shl | BinaryOp::Shr | BinaryOp::Sar => Value::Shift(op, a, (b & 63) as u8),
            _ => Value::Unknown,
        },
        Op::Binary {
            op: op @ (BinaryOp::Shl | BinaryOp::Shr),
            width: Width::W32S,
            a: Operand::Slot(a),
            b: Operand::Imm(b),
            ..
        } => Value::NarrowShift(op, a, (b & 31) as u8),
        Op::SetIf { cond, a, b, .. } => Value::Compare(cond, a, b),
        Op::Insn { .. }
        | Op::Binary { .. }
        | Op::Unary { .. }
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
        | Op::Helper { .. } => Value::Unknown,
    };
    values.write(dst, value);
    values.note_narrow(dst, narrow);
}
