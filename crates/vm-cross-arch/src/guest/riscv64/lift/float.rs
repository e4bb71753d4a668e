//! Floating point.

use vm_core::float::RoundingMode;

use super::super::{Builder, Insn, builder::x, regs};
use crate::ir::{
    BinaryOp, FpBinaryOp, FpCompareOp, FpFormat, IntFormat, Op, Operand, Rounding, Slot, UnaryOp,
};

/// The upper half of a NaN-boxed single (Unprivileged §"D" "NaN Boxing").
const BOX: Operand = Operand::Imm(0xffff_ffff_0000_0000_u64 as i64);

/// The rounding mode of the instruction; its row excludes 5 and 6.
const fn rounding(i: Insn) -> Rounding {
    match RoundingMode::from_number(i.rm() as u64) {
        Some(mode) => Rounding::Static(mode),
        None => Rounding::Dynamic,
    }
}

/// `f<n>` as an operand of `format`: a single is taken out of its box.
fn source(b: &mut Builder, format: FpFormat, n: u8) -> Operand {
    match format {
        FpFormat::F64 => regs::f(n).into(),
        FpFormat::F32 => {
            let single = b.temp();
            b.unary(UnaryOp::UnboxF32, single, regs::f(n).into());
            single.into()
        }
    }
}

/// Where an op puts a result of `format` for `f<n>`.
fn target(b: &mut Builder, format: FpFormat, n: u8) -> Slot {
    match format {
        FpFormat::F64 => regs::f(n),
        FpFormat::F32 => b.temp(),
    }
}

/// Completes a write to `f<n>`: boxes a single, marks the state dirty.
fn finish(b: &mut Builder, format: FpFormat, n: u8, result: Slot) {
    if format == FpFormat::F32 {
        b.binary64(BinaryOp::Or, regs::f(n), result.into(), BOX);
    }
    b.fp_dirty();
}

/// Emits an op with a floating-point result for `rd`.
fn compute(b: &mut Builder, i: Insn, format: FpFormat, op: impl FnOnce(Slot) -> Op) {
    let dst = target(b, format, i.rd());
    b.op(op(dst));
    finish(b, format, i.rd(), dst);
}

/// Emits an op with an integer result for `rd` that accrues flags.
fn compute_integer(b: &mut Builder, i: Insn, op: impl FnOnce(Slot) -> Op) {
    let dst = b.sink(regs::x(i.rd()));
    b.op(op(dst));
    b.fp_dirty();
}

fn binary_rounded(b: &mut Builder, i: Insn, op: FpBinaryOp, format: FpFormat, mode: Rounding) {
    let lhs = source(b, format, i.rs1());
    let rhs = source(b, format, i.rs2());
    compute(b, i, format, |dst| Op::FpBinary {
        op,
        format,
        rounding: mode,
        dst,
        a: lhs,
        b: rhs,
    });
}

/// `FADD`, `FSUB`, `FMUL`, `FDIV`.
pub fn binary(b: &mut Builder, i: Insn, op: FpBinaryOp, format: FpFormat) {
    binary_rounded(b, i, op, format, rounding(i));
}

/// `FMIN`, `FMAX`, which have no rounding mode.
pub fn min_max(b: &mut Builder, i: Insn, op: FpBinaryOp, format: FpFormat) {
    let unused = Rounding::Static(RoundingMode::NearestEven);
    binary_rounded(b, i, op, format, unused);
}

/// `FSQRT`.
pub fn square_root(b: &mut Builder, i: Insn, format: FpFormat) {
    let a = source(b, format, i.rs1());
    compute(b, i, format, |dst| Op::FpSqrt {
        format,
        rounding: rounding(i),
        dst,
        a,
    });
}

/// `FMADD` and its kin: `fd = ±(fs1 × fs2) ± fs3`.
pub fn multiply_add(b: &mut Builder, i: Insn, format: FpFormat, product: Sign, addend: Sign) {
    let lhs = source(b, format, i.rs1());
    let rhs = source(b, format, i.rs2());
    let c = source(b, format, i.rs3());
    compute(b, i, format, |dst| Op::FpMulAdd {
        format,
        rounding: rounding(i),
        negate_product: product == Sign::Minus,
        negate_addend: addend == Sign::Minus,
        dst,
        a: lhs,
        b: rhs,
        c,
    });
}

/// A sign in a fused multiply-add.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// As it is.
    Plus,
    /// Negated.
    Minus,
}

/// Where a sign injection takes the sign from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignSource {
    /// The second operand: `FSGNJ`.
    Second,
    /// Its opposite: `FSGNJN`.
    Opposite,
    /// The exclusive or of both: `FSGNJX`.
    Xor,
}

/// `FSGNJ`, `FSGNJN`, `FSGNJX`: bit operations, no flags, NaNs are kept.
pub fn sign_inject(b: &mut Builder, i: Insn, format: FpFormat, sign: SignSource) {
    let sign_bit = match format {
        FpFormat::F32 => 1 << 31,
        FpFormat::F64 => i64::MIN,
    };
    let magnitude = source(b, format, i.rs1());
    let dst = target(b, format, i.rd());
    if i.rs1() == i.rs2() {
        sign_of_same(b, dst, magnitude, sign, sign_bit);
    } else {
        let other = source(b, format, i.rs2());
        sign_of_other(b, dst, [magnitude, other], sign, sign_bit);
    }
    finish(b, format, i.rd(), dst);
}

/// `FMV`, `FNEG` and `FABS`, the usual uses: both operands are one register.
fn sign_of_same(b: &mut Builder, dst: Slot, a: Operand, sign: SignSource, sign_bit: i64) {
    match sign {
        SignSource::Second => b.mov(dst, a),
        SignSource::Opposite => b.binary64(BinaryOp::Xor, dst, a, Operand::Imm(sign_bit)),
        SignSource::Xor => b.binary64(BinaryOp::AndNot, dst, a, Operand::Imm(sign_bit)),
    }
}

fn sign_of_other(b: &mut Builder, dst: Slot, ab: [Operand; 2], sign: SignSource, sign_bit: i64) {
    let [first, second] = ab;
    let bit = Operand::Imm(sign_bit);
    let wanted = b.temp();
    if sign == SignSource::Xor {
        b.binary64(BinaryOp::And, wanted, second, bit);
        b.binary64(BinaryOp::Xor, dst, first, wanted.into());
        return;
    }
    if sign == SignSource::Second {
        b.binary64(BinaryOp::And, wanted, second, bit);
    } else {
        b.binary64(BinaryOp::AndNot, wanted, bit, second);
    }
    let magnitude = b.temp();
    b.binary64(BinaryOp::AndNot, magnitude, first, bit);
    b.binary64(BinaryOp::Or, dst, magnitude.into(), wanted.into());
}

/// `FEQ`, `FLT`, `FLE`.
pub fn compare(b: &mut Builder, i: Insn, op: FpCompareOp, format: FpFormat) {
    let lhs = source(b, format, i.rs1());
    let rhs = source(b, format, i.rs2());
    compute_integer(b, i, |dst| Op::FpCompare {
        op,
        format,
        dst,
        a: lhs,
        b: rhs,
    });
}

/// `FCLASS`: raises no flags.
pub fn classify(b: &mut Builder, i: Insn, format: FpFormat) {
    if i.rd() == 0 {
        return;
    }
    let a = source(b, format, i.rs1());
    b.op(Op::FpClassify {
        format,
        dst: regs::x(i.rd()),
        a,
    });
}

/// `FCVT` to an integer.
pub fn to_integer(b: &mut Builder, i: Insn, from: FpFormat, to: IntFormat) {
    let a = source(b, from, i.rs1());
    compute_integer(b, i, |dst| Op::FpToInt {
        from,
        to,
        rounding: rounding(i),
        dst,
        a,
    });
}

/// `FCVT` from an integer.
pub fn from_integer(b: &mut Builder, i: Insn, from: IntFormat, to: FpFormat) {
    compute(b, i, to, |dst| Op::IntToFp {
        from,
        to,
        rounding: rounding(i),
        dst,
        a: x(i.rs1()),
    });
}

/// `FCVT` between formats.
pub fn convert(b: &mut Builder, i: Insn, from: FpFormat, to: FpFormat) {
    let a = source(b, from, i.rs1());
    compute(b, i, to, |dst| Op::FpToFp {
        from,
        to,
        rounding: rounding(i),
        dst,
        a,
    });
}

/// `FMV.X`: the raw bits, whether boxed or not; a single is sign-extended.
pub fn move_to_integer(b: &mut Builder, i: Insn, format: FpFormat) {
    let (dst, src) = (regs::x(i.rd()), regs::f(i.rs1()).into());
    match format {
        FpFormat::F32 => b.unary(UnaryOp::SignExtend32, dst, src),
        FpFormat::F64 => b.mov(dst, src),
    }
}

/// `FMV` from an integer register: the raw bits, a single gets boxed.
pub fn move_from_integer(b: &mut Builder, i: Insn, format: FpFormat) {
    let (dst, src) = (regs::f(i.rd()), x(i.rs1()));
    match format {
        FpFormat::F32 => b.binary64(BinaryOp::Or, dst, src, BOX),
        FpFormat::F64 => b.mov(dst, src),
    }
    b.fp_dirty();
}
