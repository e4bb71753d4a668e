//! The ops of a block's body.

use vm_core::{AccessSize, float::RoundingMode};

use super::{Operand, Slot};

/// A guest-specific routine of the engine, numbered by each guest's `helper` module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct HelperId(pub u16);

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
    /// Signed quotient; -1 for `b` = 0, `a` on overflow (RISC-V "M", table 11).
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
    /// Each byte becomes 0xff unless it is 0 (RISC-V `orc.b`).
    OrCombineBytes,
    /// The low 32 bits if the upper 32 are all ones, else the canonical quiet
    /// NaN 0x7fc00000 (RISC-V NaN boxing, Unprivileged §"NaN Boxing").
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
    /// Unsigned 32 bits; results are sign-extended, as RISC-V does.
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

/// One step of a block.
///
/// Floating-point ops accrue their flags in [`fixed::FP_FLAGS`](super::fixed::FP_FLAGS)
/// and produce the canonical quiet NaN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// The following ops belong to the guest instruction at `offset`.
    Insn {
        /// Bytes from the block's start.
        offset: u16,
        /// Length of the instruction, in bytes.
        len: u8,
    },
    /// `dst = src`.
    Move {
        /// Result.
        dst: Slot,
        /// Source.
        src: Operand,
    },
    /// `dst = a op b`.
    Binary {
        /// Operation.
        op: BinaryOp,
        /// Width.
        width: Width,
        /// Result.
        dst: Slot,
        /// Left operand.
        a: Operand,
        /// Right operand.
        b: Operand,
    },
    /// `dst = op a`.
    Unary {
        /// Operation.
        op: UnaryOp,
        /// Result.
        dst: Slot,
        /// Operand.
        a: Operand,
    },
    /// `dst = 1` if the condition holds, else 0.
    SetIf {
        /// Comparison.
        cond: Cond,
        /// Result.
        dst: Slot,
        /// Left operand.
        a: Operand,
        /// Right operand.
        b: Operand,
    },
    /// `dst = if test != 0 { a } else { b }`.
    Select {
        /// Result.
        dst: Slot,
        /// What decides.
        test: Operand,
        /// Result if `test` is not zero.
        a: Operand,
        /// Result if it is.
        b: Operand,
    },
    /// Loads from guest virtual memory; misaligned is allowed. May fault.
    Load {
        /// Result.
        dst: Slot,
        /// Base address.
        base: Operand,
        /// Added to the base, wrapping.
        offset: i32,
        /// Size.
        size: AccessSize,
        /// Upper bits.
        extend: Extend,
    },
    /// Stores to guest virtual memory; misaligned is allowed. May fault.
    Store {
        /// Value.
        src: Operand,
        /// Base address.
        base: Operand,
        /// Added to the base, wrapping.
        offset: i32,
        /// Size.
        size: AccessSize,
    },
    /// Zeroes the 64 bytes, aligned as a whole, that contain the address. May
    /// fault; the fault is at the address itself.
    ZeroBlock {
        /// Address.
        addr: Operand,
    },
    /// `dst = memory; memory = memory op src`, atomically. The old value is
    /// sign-extended. May fault, also by misalignment. Sizes: word, double.
    AtomicRmw {
        /// Operation.
        op: AtomicOp,
        /// Size.
        size: AccessSize,
        /// The old value.
        dst: Slot,
        /// Address.
        addr: Operand,
        /// Operand.
        src: Operand,
        /// Ordering.
        ordering: Ordering,
    },
    /// Compares memory with `expected` (of `size`) and stores `new` if equal.
    /// The old value is sign-extended. May fault, also by misalignment.
    CompareExchange {
        /// Size.
        size: AccessSize,
        /// The old value.
        dst: Slot,
        /// Address.
        addr: Operand,
        /// What memory must hold.
        expected: Operand,
        /// What it then gets.
        new: Operand,
        /// Ordering.
        ordering: Ordering,
    },
    /// Loads, sign-extended, and reserves the address. May fault, also by misalignment.
    LoadReserved {
        /// Size.
        size: AccessSize,
        /// Result.
        dst: Slot,
        /// Address.
        addr: Operand,
        /// Ordering.
        ordering: Ordering,
    },
    /// Stores if the reservation holds: `dst` = 0, else 1. Ends the reservation.
    /// May fault, also by misalignment.
    StoreConditional {
        /// Size.
        size: AccessSize,
        /// 0 on success, else 1.
        dst: Slot,
        /// Address.
        addr: Operand,
        /// Value.
        src: Operand,
        /// Ordering.
        ordering: Ordering,
    },
    /// Orders earlier against later memory accesses.
    Fence {
        /// How.
        ordering: Ordering,
    },
    /// `dst = a op b`.
    FpBinary {
        /// Operation.
        op: FpBinaryOp,
        /// Format.
        format: FpFormat,
        /// Rounding.
        rounding: Rounding,
        /// Result.
        dst: Slot,
        /// Left operand.
        a: Operand,
        /// Right operand.
        b: Operand,
    },
    /// `dst = ±(a × b) ± c`, rounded once.
    FpMulAdd {
        /// Format.
        format: FpFormat,
        /// Rounding.
        rounding: Rounding,
        /// Negates the product.
        negate_product: bool,
        /// Negates the addend.
        negate_addend: bool,
        /// Result.
        dst: Slot,
        /// Factor.
        a: Operand,
        /// Factor.
        b: Operand,
        /// Addend.
        c: Operand,
    },
    /// `dst = √a`.
    FpSqrt {
        /// Format.
        format: FpFormat,
        /// Rounding.
        rounding: Rounding,
        /// Result.
        dst: Slot,
        /// Operand.
        a: Operand,
    },
    /// `dst = 1` if the comparison holds, else 0.
    FpCompare {
        /// Comparison.
        op: FpCompareOp,
        /// Format.
        format: FpFormat,
        /// Result.
        dst: Slot,
        /// Left operand.
        a: Operand,
        /// Right operand.
        b: Operand,
    },
    /// RISC-V's ten-bit class mask of `a` (`FCLASS`).
    FpClassify {
        /// Format.
        format: FpFormat,
        /// Result.
        dst: Slot,
        /// Operand.
        a: Operand,
    },
    /// Converts to an integer, saturating as RISC-V does (NaN gives the maximum).
    FpToInt {
        /// Source format.
        from: FpFormat,
        /// Result format.
        to: IntFormat,
        /// Rounding.
        rounding: Rounding,
        /// Result.
        dst: Slot,
        /// Operand.
        a: Operand,
    },
    /// Converts from an integer.
    IntToFp {
        /// Source format.
        from: IntFormat,
        /// Result format.
        to: FpFormat,
        /// Rounding.
        rounding: Rounding,
        /// Result.
        dst: Slot,
        /// Operand.
        a: Operand,
    },
    /// Converts between floating-point formats.
    FpToFp {
        /// Source format.
        from: FpFormat,
        /// Result format.
        to: FpFormat,
        /// Rounding.
        rounding: Rounding,
        /// Result.
        dst: Slot,
        /// Operand.
        a: Operand,
    },
    /// Leaves the block if the condition holds: its guest instruction has then
    /// retired, and the guest goes on at `offset`. Every guest slot and fixed
    /// cell is up to date here, as at an op that may fault. Nothing but further
    /// exits follows it in its instruction.
    SideExit {
        /// The comparison, on 64 bits.
        cond: Cond,
        /// Its left side.
        a: Operand,
        /// Its right side.
        b: Operand,
        /// Where to if it holds, in bytes from the block's start.
        offset: i64,
    },
    /// Runs a helper that returns to the block, or raises an exception. It sees
    /// and may change the slots and the guest's system state, but nothing the
    /// translation of this block depended on.
    Helper {
        /// Which.
        helper: HelperId,
        /// Where its result goes; `None` drops it.
        dst: Option<Slot>,
        /// Its arguments.
        args: [Operand; 3],
    },
}
