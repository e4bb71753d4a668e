//! What the integer ops compute: the one definition that constant folding,
//! the interpreter and the tests of every other tier share.

use super::{BinaryOp, Cond, UnaryOp, Width};

/// The result of a binary op.
#[inline(always)]
pub fn binary(op: BinaryOp, width: Width, a: u64, b: u64) -> u64 {
    match width {
        Width::W64 => binary64(op, a, b),
        Width::W32S => i64::from(binary32(op, a as u32, b as u32) as i32) as u64,
        Width::W32Z => u64::from(binary32(op, a as u32, b as u32)),
    }
}

#[inline(always)]
fn binary64(op: BinaryOp, a: u64, b: u64) -> u64 {
    let (sa, sb) = (a as i64, b as i64);
    let amount = b as u32 & 63;
    match op {
        BinaryOp::Add => a.wrapping_add(b),
        BinaryOp::Sub => a.wrapping_sub(b),
        BinaryOp::And => a & b,
        BinaryOp::Or => a | b,
        BinaryOp::Xor => a ^ b,
        BinaryOp::AndNot => a & !b,
        BinaryOp::OrNot => a | !b,
        BinaryOp::XorNot => !(a ^ b),
        BinaryOp::Shl => a << amount,
        BinaryOp::Shr => a >> amount,
        BinaryOp::Sar => (sa >> amount) as u64,
        BinaryOp::Rol => a.rotate_left(amount),
        BinaryOp::Ror => a.rotate_right(amount),
        BinaryOp::Mul => a.wrapping_mul(b),
        BinaryOp::MulHighS => ((i128::from(sa) * i128::from(sb)) >> 64) as u64,
        BinaryOp::MulHighU => ((u128::from(a) * u128::from(b)) >> 64) as u64,
        // |i64| × u64 < 2^127: the signed product cannot overflow.
        BinaryOp::MulHighSU => ((i128::from(sa) * i128::from(b)) >> 64) as u64,
        BinaryOp::DivS if b == 0 => u64::MAX,
        BinaryOp::DivS => sa.wrapping_div(sb) as u64,
        BinaryOp::DivU => a.checked_div(b).unwrap_or(u64::MAX),
        BinaryOp::RemS if b == 0 => a,
        BinaryOp::RemS => sa.wrapping_rem(sb) as u64,
        BinaryOp::RemU => a.checked_rem(b).unwrap_or(a),
        BinaryOp::MinS => sa.min(sb) as u64,
        BinaryOp::MinU => a.min(b),
        BinaryOp::MaxS => sa.max(sb) as u64,
        BinaryOp::MaxU => a.max(b),
        BinaryOp::ClMul => carryless_product(a, b) as u64,
        BinaryOp::ClMulHigh => (carryless_product(a, b) >> 64) as u64,
        BinaryOp::ClMulRev => (carryless_product(a, b) >> 63) as u64,
        BinaryOp::Sh1Add => (a << 1).wrapping_add(b),
        BinaryOp::Sh2Add => (a << 2).wrapping_add(b),
        BinaryOp::Sh3Add => (a << 3).wrapping_add(b),
    }
}

#[inline(always)]
fn binary32(op: BinaryOp, a: u32, b: u32) -> u32 {
    let (sa, sb) = (a as i32, b as i32);
    let amount = b & 31;
    match op {
        BinaryOp::Add => a.wrapping_add(b),
        BinaryOp::Sub => a.wrapping_sub(b),
        BinaryOp::And => a & b,
        BinaryOp::Or => a | b,
        BinaryOp::Xor => a ^ b,
        BinaryOp::AndNot => a & !b,
        BinaryOp::OrNot => a | !b,
        BinaryOp::XorNot => !(a ^ b),
        BinaryOp::Shl => a << amount,
        BinaryOp::Shr => a >> amount,
        BinaryOp::Sar => (sa >> amount) as u32,
        BinaryOp::Rol => a.rotate_left(amount),
        BinaryOp::Ror => a.rotate_right(amount),
        BinaryOp::Mul => a.wrapping_mul(b),
        BinaryOp::MulHighS => ((i64::from(sa) * i64::from(sb)) >> 32) as u32,
        BinaryOp::MulHighU => ((u64::from(a) * u64::from(b)) >> 32) as u32,
        BinaryOp::MulHighSU => ((i64::from(sa) * i64::from(b)) >> 32) as u32,
        BinaryOp::DivS if b == 0 => u32::MAX,
        BinaryOp::DivS => sa.wrapping_div(sb) as u32,
        BinaryOp::DivU => a.checked_div(b).unwrap_or(u32::MAX),
        BinaryOp::RemS if b == 0 => a,
        BinaryOp::RemS => sa.wrapping_rem(sb) as u32,
        BinaryOp::RemU => a.checked_rem(b).unwrap_or(a),
        BinaryOp::MinS => sa.min(sb) as u32,
        BinaryOp::MinU => a.min(b),
        BinaryOp::MaxS => sa.max(sb) as u32,
        BinaryOp::MaxU => a.max(b),
        BinaryOp::ClMul => carryless_product(u64::from(a), u64::from(b)) as u32,
        BinaryOp::ClMulHigh => (carryless_product(u64::from(a), u64::from(b)) >> 32) as u32,
        BinaryOp::ClMulRev => (carryless_product(u64::from(a), u64::from(b)) >> 31) as u32,
        BinaryOp::Sh1Add => (a << 1).wrapping_add(b),
        BinaryOp::Sh2Add => (a << 2).wrapping_add(b),
        BinaryOp::Sh3Add => (a << 3).wrapping_add(b),
    }
}

/// The 127-bit carry-less product.
fn carryless_product(a: u64, b: u64) -> u128 {
    let mut product = 0;
    let mut rest = b;
    while rest != 0 {
        product ^= u128::from(a) << rest.trailing_zeros();
        rest &= rest - 1;
    }
    product
}

/// The result of a unary op.
#[inline(always)]
pub fn unary(op: UnaryOp, a: u64) -> u64 {
    match op {
        UnaryOp::SignExtend8 => i64::from(a as i8) as u64,
        UnaryOp::SignExtend16 => i64::from(a as i16) as u64,
        UnaryOp::SignExtend32 => i64::from(a as i32) as u64,
        UnaryOp::ZeroExtend8 => u64::from(a as u8),
        UnaryOp::ZeroExtend16 => u64::from(a as u16),
        UnaryOp::ZeroExtend32 => u64::from(a as u32),
        UnaryOp::CountLeadingZeros64 => u64::from(a.leading_zeros()),
        UnaryOp::CountLeadingZeros32 => u64::from((a as u32).leading_zeros()),
        UnaryOp::CountTrailingZeros64 => u64::from(a.trailing_zeros()),
        UnaryOp::CountTrailingZeros32 => u64::from((a as u32).trailing_zeros()),
        UnaryOp::PopCount64 => u64::from(a.count_ones()),
        UnaryOp::PopCount32 => u64::from((a as u32).count_ones()),
        UnaryOp::ByteSwap64 => a.swap_bytes(),
        UnaryOp::OrCombineBytes => or_combine_bytes(a),
        UnaryOp::UnboxF32 if a >> 32 == 0xffff_ffff => a & 0xffff_ffff,
        UnaryOp::UnboxF32 => 0x7fc0_0000,
    }
}

fn or_combine_bytes(a: u64) -> u64 {
    u64::from_le_bytes(a.to_le_bytes().map(|byte| if byte == 0 { 0 } else { 0xff }))
}

/// Whether a comparison holds.
#[inline(always)]
pub fn condition(cond: Cond, a: u64, b: u64) -> bool {
    match cond {
        Cond::Eq => a == b,
        Cond::Ne => a != b,
        Cond::LtS => (a as i64) < b as i64,
        Cond::GeS => a as i64 >= b as i64,
        Cond::LtU => a < b,
        Cond::GeU => a >= b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIN: u64 = 1 << 63;

    #[test]
    fn division_has_no_traps() {
        let div = |op, a, b| binary(op, Width::W64, a, b);
        assert_eq!(div(BinaryOp::DivS, 7, 0), u64::MAX);
        assert_eq!(div(BinaryOp::DivS, MIN, u64::MAX), MIN);
        assert_eq!(div(BinaryOp::RemS, MIN, u64::MAX), 0);
        assert_eq!(div(BinaryOp::RemS, 7, 0), 7);
        assert_eq!(div(BinaryOp::DivU, 7, 0), u64::MAX);
        assert_eq!(div(BinaryOp::RemU, 7, 0), 7);
        let div32 = |op, a, b| binary(op, Width::W32S, a, b);
        assert_eq!(
            div32(BinaryOp::DivS, 0x8000_0000, 0xffff_ffff),
            0xffff_ffff_8000_0000
        );
        assert_eq!(
            div32(BinaryOp::RemU, 0xdead_0000_8000_0000, 0),
            0xffff_ffff_8000_0000
        );
    }

    #[test]
    fn high_products_agree_with_wide_arithmetic() {
        let high = |op, a, b| binary(op, Width::W64, a, b);
        assert_eq!(high(BinaryOp::MulHighS, u64::MAX, u64::MAX), 0);
        assert_eq!(high(BinaryOp::MulHighU, u64::MAX, u64::MAX), u64::MAX - 1);
        assert_eq!(high(BinaryOp::MulHighSU, u64::MAX, u64::MAX), u64::MAX);
        assert_eq!(high(BinaryOp::MulHighSU, MIN, u64::MAX), MIN);
    }

    #[test]
    fn widths_extend_as_named() {
        assert_eq!(
            binary(BinaryOp::Add, Width::W32S, 0x7fff_ffff, 1),
            0xffff_ffff_8000_0000
        );
        assert_eq!(
            binary(BinaryOp::Add, Width::W32Z, 0x7fff_ffff, 1),
            0x8000_0000
        );
        assert_eq!(
            binary(BinaryOp::Sar, Width::W32S, 0x8000_0000, 33),
            0xffff_ffff_c000_0000
        );
        assert_eq!(binary(BinaryOp::Shl, Width::W64, 1, 65), 2);
        assert_eq!(
            binary(BinaryOp::Ror, Width::W32S, 1, 1),
            0xffff_ffff_8000_0000
        );
    }

    #[test]
    fn carryless_products() {
        assert_eq!(binary(BinaryOp::ClMul, Width::W64, 0b11, 0b11), 0b101);
        assert_eq!(binary(BinaryOp::ClMulHigh, Width::W64, MIN, MIN), 1 << 62);
        assert_eq!(binary(BinaryOp::ClMulRev, Width::W64, MIN, MIN), 1 << 63);
    }

    #[test]
    fn unary_ops() {
        assert_eq!(unary(UnaryOp::SignExtend8, 0x180), 0xffff_ffff_ffff_ff80);
        assert_eq!(
            unary(UnaryOp::OrCombineBytes, 0x0100_8000_0000_0002),
            0xff00_ff00_0000_00ff
        );
        assert_eq!(
            unary(UnaryOp::CountLeadingZeros32, 0xffff_ffff_0000_0001),
            31
        );
        assert_eq!(unary(UnaryOp::CountTrailingZeros32, 0), 32);
        assert_eq!(unary(UnaryOp::UnboxF32, 0xffff_ffff_3f80_0000), 0x3f80_0000);
        assert_eq!(unary(UnaryOp::UnboxF32, 0x3f80_0000), 0x7fc0_0000);
    }

    #[test]
    fn conditions() {
        assert!(condition(Cond::LtS, u64::MAX, 0) && !condition(Cond::LtU, u64::MAX, 0));
        assert!(condition(Cond::GeU, u64::MAX, 0) && !condition(Cond::GeS, u64::MAX, 0));
    }
}
