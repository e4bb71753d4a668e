//! Names of everything that an op's name is made of.

use vm_core::{AccessSize, float::RoundingMode};

use crate::ir::{
    AtomicOp, BinaryOp, Cond, Extend, FpBinaryOp, FpCompareOp, FpFormat, IntFormat, JumpHint,
    Ordering, Rounding, UnaryOp, Width,
};

/// A value with a name, unique in its type.
pub(super) trait Named: Copy + PartialEq + 'static {
    /// Every value with its name.
    const NAMES: &'static [(&'static str, Self)];

    fn name(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(_, value)| *value == self)
            .map_or("?", |(name, _)| name)
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::NAMES
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| *value)
    }
}

macro_rules! names {
    ($type:ident: $($variant:ident $name:literal),* $(,)?) => {
        impl Named for $type {
            const NAMES: &'static [(&'static str, Self)] = &[$(($name, Self::$variant)),*];
        }
    };
}

names! { Width: W64 "w64", W32S "w32s", W32Z "w32z" }
names! {
    BinaryOp: Add "add", Sub "sub", And "and", Or "or", Xor "xor", AndNot "andnot",
    OrNot "ornot", XorNot "xornot", Shl "shl", Shr "shr", Sar "sar", Rol "rol", Ror "ror",
    Mul "mul", MulHighS "mulhs", MulHighU "mulhu", MulHighSU "mulhsu", DivS "divs",
    DivU "divu", RemS "rems", RemU "remu", MinS "mins", MinU "minu", MaxS "maxs",
    MaxU "maxu", ClMul "clmul", ClMulHigh "clmulh", ClMulRev "clmulr", Sh1Add "sh1add",
    Sh2Add "sh2add", Sh3Add "sh3add",
}
names! {
    UnaryOp: SignExtend8 "sext8", SignExtend16 "sext16", SignExtend32 "sext32",
    ZeroExtend8 "zext8", ZeroExtend16 "zext16", ZeroExtend32 "zext32",
    CountLeadingZeros64 "clz64", CountLeadingZeros32 "clz32",
    CountTrailingZeros64 "ctz64", CountTrailingZeros32 "ctz32", PopCount64 "popcount64",
    PopCount32 "popcount32", ByteSwap64 "bswap64", OrCombineBytes "orcombine",
    UnboxF32 "unboxf32",
}
names! { Cond: Eq "eq", Ne "ne", LtS "lts", GeS "ges", LtU "ltu", GeU "geu" }
names! { Extend: Sign "sign", Zero "zero", Ones "ones" }
names! { AccessSize: Byte "b", Half "h", Word "w", Double "d" }
names! {
    AtomicOp: Swap "swap", Add "add", Xor "xor", And "and", Or "or", MinS "mins",
    MaxS "maxs", MinU "minu", MaxU "maxu",
}
names! {
    Ordering: Relaxed "relaxed", Acquire "acquire", Release "release",
    AcquireRelease "acqrel", Sequential "sequential",
}
names! { FpFormat: F32 "f32", F64 "f64" }
names! { IntFormat: I32 "i32", U32 "u32", I64 "i64", U64 "u64" }
names! {
    FpBinaryOp: Add "fadd", Sub "fsub", Mul "fmul", Div "fdiv", Min "fmin", Max "fmax",
}
names! { FpCompareOp: EqQuiet "feq", LtSignaling "flt", LeSignaling "fle" }
names! { JumpHint: Plain "plain", Call "call", Return "return", ReturnCall "returncall" }

impl Named for Rounding {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("rne", Self::Static(RoundingMode::NearestEven)),
        ("rtz", Self::Static(RoundingMode::TowardZero)),
        ("rdn", Self::Static(RoundingMode::Down)),
        ("rup", Self::Static(RoundingMode::Up)),
        ("rmm", Self::Static(RoundingMode::NearestAway)),
        ("dyn", Self::Dynamic),
    ];
}

/// Whether a product or addend is negated.
impl Named for bool {
    const NAMES: &'static [(&'static str, Self)] = &[("pos", false), ("neg", true)];
}
