//! Properties over the encoding space.

use proptest::prelude::*;

use super::super::{Field, decode, disassemble, helper::Helper};
use super::*;
use crate::ir::{FpFormat, Op, Operand, Slot, Terminator, fixed};

/// Every 16-bit encoding, then a sample of the 32-bit ones.
fn sweep() -> impl Iterator<Item = u32> {
    let short = (0..0x1_0000).filter(|bits| bits & 3 != 3);
    // The prime step visits nearly every value of the upper 20 bits.
    let long = (0..=u32::MAX).step_by(4099).map(|bits| bits | 3);
    short.chain(long)
}

fn writes_guest_state(op: &Op) -> bool {
    op.dst().is_some_and(|dst| !dst.is_temp())
}

/// The rule of `ir`: faulting ops precede their instruction's register writes.
fn check_fault_order(block: &Block) {
    let mut written = false;
    for op in &block.ops {
        match op {
            Op::Insn { .. } => written = false,
            op if op.may_fault() => assert!(!written, "a fault after a write:\n{block}"),
            _ => {}
        }
        written |= writes_guest_state(op);
    }
}

/// `x0` is a constant, never a slot.
fn check_x0(block: &Block) {
    let check = |operand: Operand| assert_ne!(operand.slot(), Some(Slot(0)), "reads x0:\n{block}");
    for op in &block.ops {
        assert_ne!(op.dst(), Some(Slot(0)), "writes x0:\n{block}");
        op.for_each_operand(check);
    }
    block.end.for_each_operand(check);
    if let Terminator::Helper { dst, .. } = block.end {
        assert_ne!(dst, Some(Slot(0)), "writes x0:\n{block}");
    }
}

/// Whether an op writes floating-point state: a register, or (maybe) flags.
fn touches_fp(op: &Op) -> bool {
    let accrues = matches!(
        op,
        Op::FpBinary { .. }
            | Op::FpMulAdd { .. }
            | Op::FpSqrt { .. }
            | Op::FpCompare { .. }
            | Op::FpToInt { .. }
            | Op::IntToFp { .. }
            | Op::FpToFp { .. }
    );
    let written = |dst: Slot| (32..64).contains(&dst.0) || dst == fixed::FP_FLAGS;
    accrues || op.dst().is_some_and(written)
}

fn check_fp_dirty(block: &Block) {
    let dirty = block.ops.iter().any(|op| op.dst() == Some(fixed::FP_DIRTY));
    assert_eq!(dirty, block.ops.iter().any(touches_fp), "{block}");
}

fn is_illegal(block: &Block, bits: u32) -> bool {
    matches!(block.end, Terminator::Helper { helper, args, .. }
        if helper == Helper::Illegal.id() && args[0] == Operand::Imm(bits.into()))
}

#[test]
fn every_encoding_lifts_to_a_sound_block() {
    for bits in sweep() {
        let block = lift(&[bits], 1).expect("a whole instruction");
        let found = decode(bits);
        assert_eq!(is_illegal(&block, bits), found.is_none(), "{bits:#x}");
        assert!(!disassemble(bits, 0).is_empty());
        block
            .verify(&INFO)
            .unwrap_or_else(|error| panic!("{bits:#x}: {error}\n{block}"));
        check_fault_order(&block);
        check_x0(&block);
        check_fp_dirty(&block);
    }
}

/// Illegal with floating point off are exactly the rows with an f register.
#[test]
fn floating_point_off() {
    let ctx = Context::ALL.with(Context::FP_ENABLED, false);
    let mut illegal = 0;
    for row in rows() {
        let bits = encode(row, 0x04)
            .or(encode(row, !0))
            .expect("a legal encoding");
        let block =
            lift_block(&bytes(&[bits]), ctx, &LiftLimits::insns(1)).expect("a whole instruction");
        let on = lift(&[bits], 1).expect("a whole instruction");
        let fp_slots = |operand: &Operand| operand.slot().is_some_and(|s| (32..64).contains(&s.0));
        let mut uses_fp = on.ops.iter().any(touches_fp);
        for op in &on.ops {
            op.for_each_operand(|operand| uses_fp |= fp_slots(&operand));
            uses_fp |= matches!(
                op,
                Op::FpClassify {
                    format: FpFormat::F64 | FpFormat::F32,
                    ..
                }
            );
        }
        assert_eq!(
            is_illegal(&block, bits),
            uses_fp || row.needs_fp(),
            "{}",
            row.name
        );
        // FCLASS to x0 has no ops, but is illegal all the same.
        assert!(!uses_fp || row.needs_fp(), "{}", row.name);
        illegal += u32::from(is_illegal(&block, bits));
    }
    assert_eq!(
        illegal,
        30 + 32 + 4,
        "F, D and the compressed loads and stores"
    );
}

/// With an invalid `frm`, the dynamic rounding mode alone is illegal.
#[test]
fn invalid_rounding() {
    let ctx = Context::ALL.with(Context::ROUNDING_VALID, false);
    for row in rows().filter(|row| row.pattern.has(Field::Rm)) {
        for rm in [0, 1, 2, 3, 4, 7] {
            let bits = encode(row, rm << 12).expect("a legal encoding");
            let block = lift_block(&bytes(&[bits]), ctx, &LiftLimits::insns(1))
                .expect("a whole instruction");
            assert_eq!(is_illegal(&block, bits), rm == 7, "{} {rm}", row.name);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn fields_do_not_change_the_row(n in 0..rows().count(), fill: u32) {
        let row = rows().nth(n).expect("within the count");
        if let Some(bits) = encode(row, fill) {
            let found = decode(bits).expect("a row");
            // A more specific row fixes all that this one does, and more.
            prop_assert_eq!(found.pattern.mask & row.pattern.mask, row.pattern.mask);
            prop_assert_eq!(bits & found.pattern.mask, found.pattern.value);
            if found.pattern.mask == row.pattern.mask {
                prop_assert!(std::ptr::eq(found, row));
            }
        }
    }

    #[test]
    fn any_bytes_lift(code in prop::collection::vec(any::<u8>(), 0..200), max_insns: u16) {
        if let Ok(block) = lift_block(&code, ALL_LEGAL, &LiftLimits::insns(max_insns)) {
            prop_assert!(block.verify(&INFO).is_ok());
            let back = block.pack().unpack();
            prop_assert_eq!(back.as_ref(), Some(&block));
            prop_assert!(usize::from(block.bytes) <= code.len());
            prop_assert!(block.insns <= max_insns.max(1));
        }
    }

    /// Instructions one after another: what one leaves in temporaries must not
    /// reach the next, and every mark is in order.
    #[test]
    fn sequences_lift(picks in prop::collection::vec((0..rows().count(), any::<u32>()), 1..40)) {
        let insns: Vec<u32> = picks
            .iter()
            .filter_map(|&(n, fill)| encode(rows().nth(n)?, fill))
            .collect();
        if let Ok(block) = lift(&insns, 64) {
            prop_assert!(block.verify(&INFO).is_ok());
            check_fault_order(&block);
            check_x0(&block);
        }
    }
}
