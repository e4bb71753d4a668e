//! Strategies for what blocks are made of.

use proptest::{prelude::*, sample::select};
use vm_core::{AccessSize, float::RoundingMode};
use vm_cross_arch::ir::{
    AtomicOp, BinaryOp, Cond, Extend, FpBinaryOp, FpCompareOp, FpFormat, HelperId, IntFormat,
    JumpHint, Op, Operand, Ordering, Rounding, Slot, Terminator, UnaryOp, Width, fixed,
};

/// Guest slots that blocks read and write; on x86-64, the first six live in
/// host registers.
pub const SLOTS: [u8; 14] = [1, 2, 8, 10, 11, 15, 5, 7, 18, 19, 40, 41, 42, 43];
/// Guest slots with addresses, which blocks only read: one of them is pinned.
pub const POINTERS: [u8; 3] = [9, 6, 20];
/// More than there are vector registers.
pub const TEMPS: u8 = 20;
pub fn slot() -> impl Strategy<Value = Slot> + Clone {
    prop_oneof![
        4 => select(&SLOTS).prop_map(Slot),
        4 => (0..TEMPS).prop_map(Slot::temp),
    ]
}

fn constant() -> impl Strategy<Value = i64> {
    prop_oneof![
        2 => -3..4i64,
        1 => -3000..3000i64,
        1 => any::<i64>(),
        1 => special().prop_map(|value| value as i64),
    ]
}

fn operand() -> impl Strategy<Value = Operand> {
    prop_oneof![
        40 => slot().prop_map(Operand::Slot),
        8 => constant().prop_map(Operand::Imm),
        1 => Just(Operand::Slot(fixed::PC)),
        1 => Just(Operand::Slot(fixed::FP_DIRTY)),
    ]
}

fn base() -> impl Strategy<Value = Operand> {
    prop_oneof![
        30 => select(&POINTERS).prop_map(|n| Operand::Slot(Slot(n))),
        2 => (0..0x9010i64).prop_map(Operand::Imm),
        1 => operand(),
    ]
}

/// Values on which arithmetic is easily wrong.
pub fn special() -> impl Strategy<Value = u64> {
    let doubles = [
        0.0,
        1.0,
        1.5,
        0.1,
        f64::INFINITY,
        f64::NAN,
        f64::MAX,
        f64::MIN_POSITIVE,
        f64::EPSILON,
        2_147_483_648.0,
        -2_147_483_648.5,
        9_223_372_036_854_775_808.0,
        4_294_967_295.5,
    ];
    let singles = [
        0.0,
        1.0,
        0.1,
        f32::INFINITY,
        f32::NAN,
        f32::MAX,
        f32::MIN_POSITIVE,
        3e9,
    ];
    let double = (select(doubles.to_vec()), any::<bool>(), -2..3i64);
    let single = (select(singles.to_vec()), any::<bool>(), -2..3i32);
    prop_oneof![
        double.prop_map(|(value, negative, near)| {
            let value: f64 = if negative { -value } else { value };
            value.to_bits().wrapping_add_signed(near)
        }),
        single.prop_map(|(value, negative, near)| {
            let value: f32 = if negative { -value } else { value };
            u64::from(value.to_bits().wrapping_add_signed(near)) | 0xffff_ffff << 32
        }),
        // Signalling, with a payload.
        Just(0x7ff0_0000_0000_1234),
        Just(0xffff_ffff_7f80_0001),
        select(vec![1 << 31, 1 << 32, 1 << 63, u64::MAX, 0xffff_ffff]),
    ]
}

pub fn value() -> impl Strategy<Value = u64> {
    prop_oneof![any::<u64>(), 0..5u64, special(), special()]
}

/// Mostly in pages that can be read and written, often close to an end.
pub fn address() -> impl Strategy<Value = u64> {
    prop_oneof![
        6 => 0x1000..0x7000u64,
        6 => (0x200..0xe00u64).prop_map(|n| 8 * n),
        4 => (1..8u64, 0..40u64).prop_map(|(page, back)| 0x1000 * page - back),
        1 => 0x8000..0x9100u64,
    ]
}

fn cond() -> impl Strategy<Value = Cond> {
    use Cond::*;
    select(vec![Eq, Ne, LtS, GeS, LtU, GeU])
}

fn format() -> impl Strategy<Value = FpFormat> {
    select(vec![FpFormat::F32, FpFormat::F64])
}

fn int() -> impl Strategy<Value = IntFormat> {
    use IntFormat::*;
    select(vec![I32, U32, I64, U64])
}

fn rounding() -> impl Strategy<Value = Rounding> {
    use RoundingMode::*;
    let modes = vec![NearestEven, TowardZero, Down, Up, NearestAway];
    prop_oneof![
        2 => Just(Rounding::Dynamic),
        1 => Just(Rounding::Static(NearestEven)),
        1 => select(modes).prop_map(Rounding::Static),
    ]
}

fn size() -> impl Strategy<Value = AccessSize> {
    use AccessSize::*;
    select(vec![Byte, Half, Word, Double])
}

fn binary() -> impl Strategy<Value = Op> {
    use BinaryOp::*;
    let any_width = vec![
        Add, Add, Sub, And, Or, Xor, AndNot, OrNot, XorNot, Shl, Shr, Sar, Rol, Ror, Mul, DivS,
        DivU, RemS, RemU, MinS, MinU, MaxS, MaxU, ClMul, Sh1Add, Sh2Add, Sh3Add,
    ];
    let wide = vec![MulHighS, MulHighU, MulHighSU, ClMulHigh, ClMulRev];
    let widths = select(vec![Width::W64, Width::W64, Width::W32S, Width::W32Z]);
    let operation = prop_oneof![
        8 => (select(any_width), widths),
        1 => (select(wide), Just(Width::W64)),
    ];
    (operation, slot(), operand(), operand()).prop_map(|((op, width), dst, a, b)| Op::Binary {
        op,
        width,
        dst,
        a,
        b,
    })
}

fn unary() -> impl Strategy<Value = Op> {
    use UnaryOp::*;
    let all = vec![
        SignExtend8,
        SignExtend16,
        SignExtend32,
        ZeroExtend8,
        ZeroExtend16,
        ZeroExtend32,
        CountLeadingZeros64,
        CountLeadingZeros32,
        CountTrailingZeros64,
        CountTrailingZeros32,
        PopCount64,
        PopCount32,
        ByteSwap64,
        OrCombineBytes,
        UnboxF32,
    ];
    (select(all), slot(), operand()).prop_map(|(op, dst, a)| Op::Unary { op, dst, a })
}

fn integer() -> impl Strategy<Value = Op> {
    prop_oneof![
        2 => (slot(), operand()).prop_map(|(dst, src)| Op::Move { dst, src }),
        8 => binary(),
        3 => unary(),
        2 => (cond(), slot(), operand(), operand())
            .prop_map(|(cond, dst, a, b)| Op::SetIf { cond, dst, a, b }),
        2 => (slot(), operand(), operand(), operand())
            .prop_map(|(dst, test, a, b)| Op::Select { dst, test, a, b }),
    ]
}

fn memory() -> impl Strategy<Value = Op> {
    let extend = select(vec![Extend::Sign, Extend::Zero, Extend::Ones]);
    let offset = prop_oneof![-9..9i32, Just(i32::MAX), Just(-2048)];
    let place = (base(), prop_oneof![9 => -9..9i32, 1 => offset], size());
    let load = (slot(), place, extend).prop_map(|(dst, (base, offset, size), extend)| Op::Load {
        dst,
        base,
        offset,
        size,
        extend,
    });
    let place = (base(), -9..9i32, size());
    let store = (operand(), place).prop_map(|(src, (base, offset, size))| Op::Store {
        src,
        base,
        offset,
        size,
    });
    let zero_block = base().prop_map(|addr| Op::ZeroBlock { addr });
    prop_oneof![6 => load, 6 => store, 4 => atomic(), 1 => zero_block]
}

fn atomic() -> impl Strategy<Value = Op> {
    use AtomicOp::*;
    let sizes = || select(vec![AccessSize::Word, AccessSize::Double]);
    let operations = select(vec![Swap, Add, Xor, And, Or, MinS, MaxS, MinU, MaxU]);
    let ordering = Ordering::Sequential;
    let common = || (sizes(), slot(), base());
    prop_oneof![
        3 => (operations, common(), operand()).prop_map(move |(op, (size, dst, addr), src)| {
            Op::AtomicRmw { op, size, dst, addr, src, ordering }
        }),
        1 => (common(), operand(), operand()).prop_map(move |((size, dst, addr), expected, new)| {
            Op::CompareExchange { size, dst, addr, expected, new, ordering }
        }),
        1 => common().prop_map(move |(size, dst, addr)| {
            Op::LoadReserved { size, dst, addr, ordering }
        }),
        1 => (common(), operand()).prop_map(move |((size, dst, addr), src)| {
            Op::StoreConditional { size, dst, addr, src, ordering }
        }),
        1 => Just(Op::Fence { ordering }),
    ]
}

fn float() -> impl Strategy<Value = Op> {
    use FpBinaryOp::*;
    let operations = select(vec![Add, Sub, Mul, Div, Min, Max]);
    let compares = select(vec![
        FpCompareOp::EqQuiet,
        FpCompareOp::LtSignaling,
        FpCompareOp::LeSignaling,
    ]);
    let how = || (format(), rounding(), slot());
    prop_oneof![
        6 => (operations, how(), operand(), operand()).prop_map(
            |(op, (format, rounding, dst), a, b)| {
                Op::FpBinary { op, format, rounding, dst, a, b }
            }
        ),
        2 => (how(), any::<[bool; 2]>(), [operand(), operand(), operand()]).prop_map(
            |((format, rounding, dst), [negate_product, negate_addend], [a, b, c])| {
                Op::FpMulAdd { format, rounding, negate_product, negate_addend, dst, a, b, c }
            }
        ),
        1 => (how(), operand())
            .prop_map(|((format, rounding, dst), a)| Op::FpSqrt { format, rounding, dst, a }),
        2 => (compares, format(), slot(), operand(), operand())
            .prop_map(|(op, format, dst, a, b)| Op::FpCompare { op, format, dst, a, b }),
        1 => (format(), slot(), operand())
            .prop_map(|(format, dst, a)| Op::FpClassify { format, dst, a }),
        2 => (how(), int(), operand()).prop_map(|((from, rounding, dst), to, a)| {
            Op::FpToInt { from, to, rounding, dst, a }
        }),
        2 => (how(), int(), operand()).prop_map(|((to, rounding, dst), from, a)| {
            Op::IntToFp { from, to, rounding, dst, a }
        }),
        2 => (how(), format(), operand()).prop_map(|((to, rounding, dst), from, a)| {
            Op::FpToFp { from, to, rounding, dst, a }
        }),
        2 => (slot(), operand()).prop_map(|(dst, a)| Op::Unary {
            op: UnaryOp::UnboxF32,
            dst,
            a,
        }),
        // Into the box.
        2 => (slot(), operand()).prop_map(|(dst, a)| Op::Binary {
            op: BinaryOp::Or,
            width: Width::W64,
            dst,
            a,
            b: Operand::Imm(0xffff_ffff_0000_0000_u64 as i64),
        }),
    ]
}

fn helper() -> impl Strategy<Value = Op> {
    let dst = || prop::option::weighted(0.8, slot());
    let args = || [operand(), operand(), operand()];
    let plain = (select(vec![1, 1, 3, 4, 2]), dst(), args());
    prop_oneof![
        plain.prop_map(|(id, dst, args)| Op::Helper {
            helper: HelperId(id),
            dst,
            args
        }),
        // Sets a slot.
        (dst(), select(&SLOTS), operand()).prop_map(|(dst, n, value)| Op::Helper {
            helper: HelperId(5),
            dst,
            args: [Operand::Imm(n.into()), value, Operand::Imm(0)],
        }),
    ]
}

pub fn op() -> impl Strategy<Value = Op> {
    let exit = (cond(), operand(), operand(), -9..9i64);
    prop_oneof![
        9 => integer(),
        6 => memory(),
        9 => float(),
        1 => helper(),
        1 => exit.prop_map(|(cond, a, b, to)| Op::SideExit { cond, a, b, offset: 0x808 * to + 2 }),
        1 => (slot(), any::<bool>()).prop_map(|(slot, reads)| {
            let (dst, src) = if reads { (slot, fixed::FP_FLAGS) } else { (fixed::FP_FLAGS, slot) };
            Op::Move { dst, src: Operand::Slot(src) }
        }),
    ]
}

pub fn end() -> impl Strategy<Value = Terminator> {
    let hint = JumpHint::Plain;
    let targets = (1..99i64, -99..-1i64);
    prop_oneof![
        (-999..-1i64).prop_map(move |offset| Terminator::Jump { offset, hint }),
        (cond(), operand(), operand(), targets).prop_map(|(cond, a, b, (taken, fallthrough))| {
            Terminator::Branch {
                cond,
                a,
                b,
                taken,
                fallthrough,
            }
        }),
        operand().prop_map(move |target| Terminator::JumpIndirect { target, hint }),
        (any::<bool>(), [operand(), operand(), operand()]).prop_map(|(result, args)| {
            let dst = result.then_some(Slot(SLOTS[0]));
            Terminator::Helper {
                helper: HelperId(7),
                dst,
                args,
                next: 2,
            }
        }),
    ]
}
