//! The kinds of ops: what qualifies their names.

use vm_core::float::RoundingMode;

/// How many bits an integer op works on, and what becomes of the upper half.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Width {
    /// 64 bits.
    W64,
    /// The low 32 bits; the result is sign-extended to 64.
    W32S,
    /// The low 32 bits; the result is zero-extended to 64.
    W32Z,
}

/// Two operands, one result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `a + b`.
    Add,
    /// `a - b`.
    Sub,
    /// `a & b`.
    And,
    /// `a | b`.
    Or,
    /// `a ^ b`.
    Xor,
    /// `a & !b`.
    AndNot,
    /// `a | !b`.
    OrNot,
    /// `!(a ^ b)`.
    XorNot,
    /// `a << (b mod width)`.
    Shl,
    /// Logical `a >> (b mod width)`.
    Shr,
    /// Arithmetic `a >> (b mod width)`.
    Sar,
    /// Rotate left by `b mod width`.
    Rol,
    /// Rotate right by `b mod width`.
    Ror,
    /// Low half of the product.
    Mul,
    /// High 64 bits of the signed product. `W64` only.
    MulHighS,
    /// High 64 bits of the unsigned product. `W64` only.
    MulHighU,
    /// High 64 bits of signed `a` times unsigned `b`. `W64` only.
    MulHighSU,
    /// Signed quotient; -1 for `b` = 0, `a` on overflow. No division traps: guests
    /// whose divisions do, or give something else, test the divisor first.
    DivS,
    /// Unsigned quotient; all ones for `b` = 0.
    DivU,
    /// Signed remainder; `a` for `b` = 0, 0 on overflow.
    RemS,
    /// Unsigned remainder; `a` for `b` = 0.
    RemU,
    /// Signed minimum.
    MinS,
    /// Unsigned minimum.
    MinU,
    /// Signed maximum.
    MaxS,
    /// Unsigned maximum.
    MaxU,
    /// Low half of the carry-less product.
    ClMul,
    /// High half of the carry-less product. `W64` only.
    ClMulHigh,
    /// Bits 126 to 63 of the carry-less product. `W64` only.
    ClMulRev,
    /// `(a << 1) + b`.
    Sh1Add,
    /// `(a << 2) + b`.
    Sh2Add,
    /// `(a << 3) + b`.
    Sh3Add,
}

/// One operand, one result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// Sign-extends the low 8 bits.
    SignExtend8,
    /// Sign-extends the low 16 bits.
    SignExtend16,
    /// Sign-extends the low 32 bits.
    SignExtend32,
    /// Zero-extends the low 8 bits.
    ZeroExtend8,
    /// Zero-extends the low 16 bits.
    ZeroExtend16,
    /// Zero-extends the low 32 bits.
    ZeroExtend32,
    /// Leading zeros of 64 bits; 64 for 0.
    CountLeadingZeros64,
    /// Leading zeros of the low 32 bits; 32 for 0.
    CountLeadingZeros32,
    /// Trailing zeros of 64 bits; 64 for 0.
    CountTrailingZeros64,
    /// Trailing zeros of the low 32 bits; 32 for 0.
    CountTrailingZeros32,
    /// One bits in 64.
    PopCount64,
    /// One bits in the low 32.
    PopCount32,
    /// Reverses the 8 bytes.
    ByteSwap64,
    /// Each byte becomes 0xff unless it is 0.
    OrCombineBytes,
    /// The low 32 bits if the upper 32 are all ones, else the default NaN of
    /// binary32, 0x7fc00000: a single in a NaN-boxed register.
    UnboxF32,
}

/// A comparison of two 64-bit values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cond {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Signed less than.
    LtS,
    /// Signed greater or equal.
    GeS,
    /// Unsigned less than.
    LtU,
    /// Unsigned greater or equal.
    GeU,
}

/// What a load does with the bits above its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Extend {
    /// Copies of the sign bit.
    Sign,
    /// Zeros.
    Zero,
    /// Ones: a NaN-boxed floating-point load.
    Ones,
}

/// An atomic read-modify-write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AtomicOp {
    /// The operand replaces the value.
    Swap,
    /// Sum.
    Add,
    /// Exclusive or.
    Xor,
    /// And.
    And,
    /// Or.
    Or,
    /// Signed minimum.
    MinS,
    /// Signed maximum.
    MaxS,
    /// Unsigned minimum.
    MinU,
    /// Unsigned maximum.
    MaxU,
}

/// Memory ordering of atomics and fences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ordering {
    /// No order.
    Relaxed,
    /// Later accesses stay later.
    Acquire,
    /// Earlier accesses stay earlier.
    Release,
    /// Both.
    AcquireRelease,
    /// Both, and one order all agree on.
    Sequential,
}

/// A binary floating-point format of IEEE 754.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FpFormat {
    /// binary32, in the low half of a slot; ops ignore the upper half of
    /// operands and leave it zero in results.
    F32,
    /// binary64.
    F64,
}

/// An integer format of a conversion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IntFormat {
    /// Signed 32 bits; results are sign-extended.
    I32,
    /// Unsigned 32 bits; results are sign-extended, as those of [`Width::W32S`] are.
    /// A guest that zero-extends says so with [`UnaryOp::ZeroExtend32`].
    U32,
    /// Signed 64 bits.
    I64,
    /// Unsigned 64 bits.
    U64,
}

/// Where an op takes its rounding mode from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rounding {
    /// From the instruction.
    Static(RoundingMode),
    /// From [`fixed::FP_ROUNDING`](super::fixed::FP_ROUNDING).
    Dynamic,
}

/// Floating-point arithmetic with two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FpBinaryOp {
    /// Sum.
    Add,
    /// Difference.
    Sub,
    /// Product.
    Mul,
    /// Quotient.
    Div,
    /// IEEE 754-2019 `minimumNumber`, with -0 < +0. Ignores the rounding mode.
    Min,
    /// IEEE 754-2019 `maximumNumber`, with -0 < +0. Ignores the rounding mode.
    Max,
}

/// A floating-point comparison; the result is 0 or 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FpCompareOp {
    /// Equal; only a signalling NaN is invalid.
    EqQuiet,
    /// Less than; any NaN is invalid.
    LtSignaling,
    /// Less or equal; any NaN is invalid.
    LeSignaling,
}

/// What a predictor may assume of a jump.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JumpHint {
    /// An ordinary jump.
    Plain,
    /// Pushes a return address: that of the next guest instruction.
    Call,
    /// Pops a return address.
    Return,
    /// Pops a return address, then pushes one (a coroutine switch).
    ReturnCall,
}
