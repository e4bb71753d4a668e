//! Names of everything that qualifies an op's name.

use vm_core::{AccessSize, float::RoundingMode};

use crate::ir::{
    AtomicOp, BinaryOp, Cond, Extend, FpBinaryOp, FpCompareOp, FpFormat, IntFormat, JumpHint,
    Ordering, Rounding, UnaryOp, Width,
};

/// A value with a name, unique in its type.
pub(in crate::ir) trait Named: Copy + 'static {
    /// Every value.
    const ALL: &'static [Self];

    fn name(self) -> &'static str;

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.name() == name)
    }
}

macro_rules! names {
    ($type:ident: $($variant:ident $name:literal),* $(,)?) => {
        impl Named for $type {
            const ALL: &'static [Self] = &[$(Self::$variant),*];

            fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
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
    const ALL: &'static [Self] = &[
        Self::Static(RoundingMode::NearestEven),
        Self::Static(RoundingMode::TowardZero),
        Self::Static(RoundingMode::Down),
        Self::Static(RoundingMode::Up),
        Self::Static(RoundingMode::NearestAway),
        Self::Dynamic,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Static(RoundingMode::NearestEven) => "rne",
            Self::Static(RoundingMode::TowardZero) => "rtz",
            Self::Static(RoundingMode::Down) => "rdn",
            Self::Static(RoundingMode::Up) => "rup",
            Self::Static(RoundingMode::NearestAway) => "rmm",
            Self::Dynamic => "dyn",
        }
    }
}

/// Whether a product or addend is negated.
impl Named for bool {
    const ALL: &'static [Self] = &[false, true];

    fn name(self) -> &'static str {
        if self { "neg" } else { "pos" }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique_and_lead_back() {
        fn check<T: Named + std::fmt::Debug + PartialEq>() {
            for &value in T::ALL {
                assert_eq!(T::from_name(value.name()), Some(value));
            }
        }
        check::<Width>();
        check::<BinaryOp>();
        check::<UnaryOp>();
        check::<Cond>();
        check::<Extend>();
        check::<AccessSize>();
        check::<AtomicOp>();
        check::<Ordering>();
        check::<FpFormat>();
        check::<IntFormat>();
        check::<FpBinaryOp>();
        check::<FpCompareOp>();
        check::<JumpHint>();
        check::<Rounding>();
        check::<bool>();
    }

    /// These stand alone at the start of a name: of all of them, none may be another.
    #[test]
    fn names_that_start_a_line_differ() {
        fn all<T: Named>() -> impl Iterator<Item = &'static str> {
            T::ALL.iter().map(|value| value.name())
        }
        let names: Vec<_> = all::<BinaryOp>()
            .chain(all::<UnaryOp>())
            .chain(all::<FpBinaryOp>())
            .chain(all::<FpCompareOp>())
            .collect();
        let unique: HashSet<_> = names.iter().collect();
        assert_eq!(unique.len(), names.len());
    }
}
