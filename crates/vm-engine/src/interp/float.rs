//! Floating-point ops, by software.

use vm_core::float::RoundingMode;
use vm_cross_arch::ir::{
    FpBinaryOp, FpCompareOp, FpFormat, IntFormat, Op, Operand, Rounding, fixed,
};

use super::exec::read;
use crate::{
    softfloat::{self, F32, F64, Format},
    vcpu::Core,
};

/// A format whose values travel in slots.
trait SlotFormat: Format {
    fn from_slot(slot: u64) -> Self::Bits;
    fn to_slot(bits: Self::Bits) -> u64;
}

impl SlotFormat for F32 {
    fn from_slot(slot: u64) -> u32 {
        slot as u32
    }
    fn to_slot(bits: u32) -> u64 {
        u64::from(bits)
    }
}

impl SlotFormat for F64 {
    fn from_slot(slot: u64) -> u64 {
        slot
    }
    fn to_slot(bits: u64) -> u64 {
        bits
    }
}

/// Calls a function that is generic over the format with the op's format.
macro_rules! by_format {
    ($format:expr, $function:ident($($argument:expr),*)) => {
        match $format {
            FpFormat::F32 => $function::<F32>($($argument),*),
            FpFormat::F64 => $function::<F64>($($argument),*),
        }
    };
}

/// Runs a floating-point op. The caller runs all others.
pub(super) fn run(core: &mut Core, op: &Op) {
    let mut flags = 0;
    let env = Env {
        core,
        flags: &mut flags,
    };
    let (dst, value) = match *op {
        Op::FpBinary {
            op,
            format,
            rounding,
            dst,
            a,
            b,
        } => (dst, by_format!(format, binary(env, op, rounding, a, b))),
        Op::FpMulAdd {
            format,
            rounding,
            negate_product,
            negate_addend,
            dst,
            a,
            b,
            c,
        } => {
            let signs = (negate_product, negate_addend);
            (
                dst,
                by_format!(format, mul_add(env, signs, rounding, a, b, c)),
            )
        }
        Op::FpSqrt {
            format,
            rounding,
            dst,
            a,
        } => (dst, by_format!(format, sqrt(env, rounding, a))),
        Op::FpCompare {
            op,
            format,
            dst,
            a,
            b,
        } => (dst, by_format!(format, compare(env, op, a, b))),
        Op::FpClassify { format, dst, a } => (dst, by_format!(format, classify(env, a))),
        Op::FpToInt {
            from,
            to,
            rounding,
            dst,
            a,
        } => (dst, by_format!(from, to_int(env, to, rounding, a))),
        Op::IntToFp {
            from,
            to,
            rounding,
            dst,
            a,
        } => (dst, by_format!(to, from_int(env, from, rounding, a))),
        Op::FpToFp {
            from,
            to,
            rounding,
            dst,
            a,
        } => (dst, convert(env, from, to, rounding, a)),
        Op::Insn { .. }
        | Op::Move { .. }
        | Op::Binary { .. }
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
        | Op::SideExit { .. }
        | Op::Helper { .. } => return,
    };
    core.set(dst, value);
    core.slots[usize::from(fixed::FP_FLAGS.0)] |= flags;
}

/// What an operation reads beside its operands, and the flags it raises.
struct Env<'a> {
    core: &'a Core,
    flags: &'a mut u64,
}

impl Env<'_> {
    fn operand<F: SlotFormat>(&self, operand: Operand) -> F::Bits {
        F::from_slot(read(self.core, operand))
    }

    fn rounding(&self, rounding: Rounding) -> RoundingMode {
        match rounding {
            Rounding::Static(mode) => mode,
            // Blocks that round dynamically only run while the mode is valid.
            Rounding::Dynamic => RoundingMode::from_number(self.core.get(fixed::FP_ROUNDING))
                .unwrap_or(RoundingMode::NearestEven),
        }
    }
}

fn binary<F: SlotFormat>(
    env: Env<'_>,
    op: FpBinaryOp,
    rounding: Rounding,
    a: Operand,
    b: Operand,
) -> u64 {
    let (a, b, mode) = (
        env.operand::<F>(a),
        env.operand::<F>(b),
        env.rounding(rounding),
    );
    F::to_slot(match op {
        FpBinaryOp::Add => softfloat::add::<F>(a, b, mode, env.flags),
        FpBinaryOp::Sub => softfloat::sub::<F>(a, b, mode, env.flags),
        FpBinaryOp::Mul => softfloat::mul::<F>(a, b, mode, env.flags),
        FpBinaryOp::Div => softfloat::div::<F>(a, b, mode, env.flags),
        FpBinaryOp::Min => softfloat::min::<F>(a, b, env.flags),
        FpBinaryOp::Max => softfloat::max::<F>(a, b, env.flags),
    })
}

fn mul_add<F: SlotFormat>(
    env: Env<'_>,
    (negate_product, negate_addend): (bool, bool),
    rounding: Rounding,
    a: Operand,
    b: Operand,
    c: Operand,
) -> u64 {
    let flip =
        |operand, negate| F::from_slot(read(env.core, operand) ^ if negate { F::SIGN } else { 0 });
    let (a, c) = (flip(a, negate_product), flip(c, negate_addend));
    let (b, mode) = (env.operand::<F>(b), env.rounding(rounding));
    F::to_slot(softfloat::mul_add::<F>(a, b, c, mode, env.flags))
}

fn sqrt<F: SlotFormat>(env: Env<'_>, rounding: Rounding, a: Operand) -> u64 {
    F::to_slot(softfloat::sqrt::<F>(
        env.operand::<F>(a),
        env.rounding(rounding),
        env.flags,
    ))
}

fn compare<F: SlotFormat>(env: Env<'_>, op: FpCompareOp, a: Operand, b: Operand) -> u64 {
    let (a, b) = (env.operand::<F>(a), env.operand::<F>(b));
    u64::from(match op {
        FpCompareOp::EqQuiet => softfloat::eq::<F>(a, b, env.flags),
        FpCompareOp::LtSignaling => softfloat::lt::<F>(a, b, env.flags),
        FpCompareOp::LeSignaling => softfloat::le::<F>(a, b, env.flags),
    })
}

fn classify<F: SlotFormat>(env: Env<'_>, a: Operand) -> u64 {
    softfloat::classify::<F>(env.operand::<F>(a))
}

fn to_int<F: SlotFormat>(env: Env<'_>, to: IntFormat, rounding: Rounding, a: Operand) -> u64 {
    let (a, mode) = (env.operand::<F>(a), env.rounding(rounding));
    match to {
        IntFormat::I32 => i64::from(softfloat::to_i32::<F>(a, mode, env.flags)) as u64,
        IntFormat::U32 => i64::from(softfloat::to_u32::<F>(a, mode, env.flags) as i32) as u64,
        IntFormat::I64 => softfloat::to_i64::<F>(a, mode, env.flags) as u64,
        IntFormat::U64 => softfloat::to_u64::<F>(a, mode, env.flags),
    }
}

fn from_int<F: SlotFormat>(env: Env<'_>, from: IntFormat, rounding: Rounding, a: Operand) -> u64 {
    let (a, mode) = (read(env.core, a), env.rounding(rounding));
    F::to_slot(match from {
        IntFormat::I32 => softfloat::from_i32::<F>(a as i32, mode, env.flags),
        IntFormat::U32 => softfloat::from_u32::<F>(a as u32, mode, env.flags),
        IntFormat::I64 => softfloat::from_i64::<F>(a as i64, mode, env.flags),
        IntFormat::U64 => softfloat::from_u64::<F>(a, mode, env.flags),
    })
}

fn convert(env: Env<'_>, from: FpFormat, to: FpFormat, rounding: Rounding, a: Operand) -> u64 {
    let mode = env.rounding(rounding);
    match (from, to) {
        (FpFormat::F32, FpFormat::F32) => convert_formats::<F32, F32>(env, mode, a),
        (FpFormat::F32, FpFormat::F64) => convert_formats::<F32, F64>(env, mode, a),
        (FpFormat::F64, FpFormat::F32) => convert_formats::<F64, F32>(env, mode, a),
        (FpFormat::F64, FpFormat::F64) => convert_formats::<F64, F64>(env, mode, a),
    }
}

fn convert_formats<From: SlotFormat, To: SlotFormat>(
    env: Env<'_>,
    mode: RoundingMode,
    a: Operand,
) -> u64 {
    To::to_slot(softfloat::convert::<From, To>(
        env.operand::<From>(a),
        mode,
        env.flags,
    ))
}
