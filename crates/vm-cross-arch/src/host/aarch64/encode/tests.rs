//! Encodings against those of the assembler library, which has its own of the manual's
//! tables.

use dynasmrt::{DynasmApi, dynasm};
use vm_core::AccessSize;

use super::*;
use crate::{
    host::{
        aarch64::{
            patch,
            regs::{STATE, ZERO},
        },
        buffer::Buffer,
    },
    ir::BinaryOp,
};

const A: Gpr = Gpr(1);
const B: Gpr = Gpr(20);
const C: Gpr = Gpr(30);

fn written(emit: impl FnOnce(&mut Asm)) -> Vec<u8> {
    let mut asm = Asm::with_capacity(32);
    emit(&mut asm);
    asm.out.finish()
}

/// Asserts that what is written is what the assembler library makes of the text.
macro_rules! is {
    ($emit:expr, $($text:tt)*) => {{
        let mut expected = Buffer::with_capacity(32);
        dynasm!(expected ; .arch aarch64 ; $($text)*);
        assert_eq!(written($emit), expected.finish(), stringify!($($text)*));
    }};
}

#[test]
fn operations_on_registers() {
    is!(|a| a.alu(Alu::Add, true, A, B, C), add x1, x20, x30);
    is!(|a| a.alu(Alu::Add, false, A, B, ZERO), add w1, w20, wzr);
    is!(|a| a.alu(Alu::Sub, true, A, B, C), sub x1, x20, x30);
    is!(|a| a.alu(Alu::Sub, false, A, B, ZERO), sub w1, w20, wzr);
    is!(|a| a.alu(Alu::Subs, true, A, B, C), subs x1, x20, x30);
    is!(|a| a.alu(Alu::Subs, false, A, B, ZERO), subs w1, w20, wzr);
    is!(|a| a.alu(Alu::And, true, A, B, C), and x1, x20, x30);
    is!(|a| a.alu(Alu::And, false, A, B, ZERO), and w1, w20, wzr);
    is!(|a| a.alu(Alu::Orr, true, A, B, C), orr x1, x20, x30);
    is!(|a| a.alu(Alu::Orr, false, A, B, ZERO), orr w1, w20, wzr);
    is!(|a| a.alu(Alu::Eor, true, A, B, C), eor x1, x20, x30);
    is!(|a| a.alu(Alu::Eor, false, A, B, ZERO), eor w1, w20, wzr);
    is!(|a| a.alu(Alu::Bic, true, A, B, C), bic x1, x20, x30);
    is!(|a| a.alu(Alu::Bic, false, A, B, ZERO), bic w1, w20, wzr);
    is!(|a| a.alu(Alu::Orn, true, A, B, C), orn x1, x20, x30);
    is!(|a| a.alu(Alu::Orn, false, A, B, ZERO), orn w1, w20, wzr);
    is!(|a| a.alu(Alu::Eon, true, A, B, C), eon x1, x20, x30);
    is!(|a| a.alu(Alu::Eon, false, A, B, ZERO), eon w1, w20, wzr);
    is!(|a| a.alu(Alu::UDiv, true, A, B, C), udiv x1, x20, x30);
    is!(|a| a.alu(Alu::UDiv, false, A, B, ZERO), udiv w1, w20, wzr);
    is!(|a| a.alu(Alu::SDiv, true, A, B, C), sdiv x1, x20, x30);
    is!(|a| a.alu(Alu::SDiv, false, A, B, ZERO), sdiv w1, w20, wzr);
    is!(|a| a.alu(Alu::LslV, true, A, B, C), lslv x1, x20, x30);
    is!(|a| a.alu(Alu::LslV, false, A, B, ZERO), lslv w1, w20, wzr);
    is!(|a| a.alu(Alu::LsrV, true, A, B, C), lsrv x1, x20, x30);
    is!(|a| a.alu(Alu::LsrV, false, A, B, ZERO), lsrv w1, w20, wzr);
    is!(|a| a.alu(Alu::AsrV, true, A, B, C), asrv x1, x20, x30);
    is!(|a| a.alu(Alu::AsrV, false, A, B, ZERO), asrv w1, w20, wzr);
    is!(|a| a.alu(Alu::RorV, true, A, B, C), rorv x1, x20, x30);
    is!(|a| a.alu(Alu::RorV, false, A, B, ZERO), rorv w1, w20, wzr);
    is!(|a| a.alu(Alu::Mul, true, A, B, C), mul x1, x20, x30);
    is!(|a| a.alu(Alu::Mul, false, A, B, ZERO), mul w1, w20, wzr);
    is!(|a| a.alu_shifted(Alu::Add, true, (A, B, C), 3), add x1, x20, x30, lsl 3);
    is!(|a| a.alu_shifted(Alu::Add, false, (A, B, C), 1), add w1, w20, w30, lsl 1);
    is!(|a| a.single(Single::RBit, true, A, B), rbit x1, x20);
    is!(|a| a.single(Single::Clz, false, A, B), clz w1, w20);
    is!(|a| a.select(true, (A, B, C), Cc::Less, false), csel x1, x20, x30, lt);
    is!(|a| a.select(false, (A, B, ZERO), Cc::NotEqual, true), csinv w1, w20, wzr, ne);
    is!(|a| a.set_if(A, Cc::HigherSame), cset w1, hs);
    is!(|a| a.mov_rr(A, B), mov x1, x20);
    is!(|a| a.mov32_rr(A, B), mov w1, w20);
    is!(|a| a.cmp(false, A, B), cmp w1, w20);
    is!(|a| a.sxtw(A, B), sxtw x1, w20);
    is!(|a| a.rotate(true, (A, B), 63), ror x1, x20, 63);
    is!(|a| a.rotate(false, (A, B), 31), ror w1, w20, 31);
    assert!(written(|a| a.mov_rr(A, A)).is_empty());
}

#[test]
fn every_condition() {
    is!(|a| a.set_if(A, Cc::Equal), cset w1, eq);
    is!(|a| a.set_if(A, Cc::NotEqual), cset w1, ne);
    is!(|a| a.set_if(A, Cc::Lower), cset w1, lo);
    is!(|a| a.set_if(A, Cc::Minus), cset w1, mi);
    is!(|a| a.set_if(A, Cc::Higher), cset w1, hi);
    is!(|a| a.set_if(A, Cc::GreaterEqual), cset w1, ge);
    is!(|a| a.set_if(A, Cc::Less), cset w1, lt);
    is!(|a| a.set_if(A, Cc::Greater), cset w1, gt);
}

#[test]
fn shifts_by_constants() {
    is!(|a| a.shift_by(BinaryOp::Shl, true, (A, B), 0), lsl x1, x20, 0);
    is!(|a| a.shift_by(BinaryOp::Shl, true, (A, B), 63), lsl x1, x20, 63);
    is!(|a| a.shift_by(BinaryOp::Shl, false, (A, B), 33), lsl w1, w20, 1);
    is!(|a| a.shift_by(BinaryOp::Shr, true, (A, B), 0), lsr x1, x20, 0);
    is!(|a| a.shift_by(BinaryOp::Shr, false, (A, B), 31), lsr w1, w20, 31);
    is!(|a| a.shift_by(BinaryOp::Sar, true, (A, B), 65), asr x1, x20, 1);
    is!(|a| a.shift_by(BinaryOp::Ror, true, (A, B), 5), ror x1, x20, 5);
    is!(|a| a.shift_by(BinaryOp::Rol, true, (A, B), 5), ror x1, x20, 59);
    is!(|a| a.shift_by(BinaryOp::Rol, false, (A, B), 0), ror w1, w20, 0);
    is!(|a| a.bitfield(true, true, (A, B), 0, 7), sxtb x1, w20);
    is!(|a| a.bitfield(false, false, (A, B), 0, 15), uxth w1, w20);
    is!(|a| a.bitfield(false, true, (A, B), 12, 21), ubfx x1, x20, 12, 10);
}

#[test]
fn constants() {
    is!(|a| a.add_ri(true, A, B, 0xfff, C), add x1, x20, 0xfff);
    is!(|a| a.add_ri(true, A, B, -0x5000, C), sub x1, x20, 5, lsl 12);
    is!(|a| a.add_ri(false, A, B, -1, C), sub w1, w20, 1);
    is!(|a| a.add_ri(true, A, B, 0x1001, C), movz w30, 0x1001; add x1, x20, x30);
    is!(|a| a.cmp_ri(A, 5, C), cmp x1, 5);
    is!(|a| a.cmp_ri(A, -5, C), cmn x1, 5);
    is!(|a| a.cmp_ri(A, 0, C), cmp x1, 0);
    is!(|a| assert!(a.logic(Logic::And, true, A, B, !0xfff | 7)), and x1, x20, 0xffff_ffff_ffff_f007);
    is!(|a| assert!(a.logic(Logic::Orr, false, A, B, 0xff00)), orr w1, w20, 0xff00);
    is!(|a| assert!(a.logic(Logic::Eor, true, A, B, 1)), eor x1, x20, 1);
    for imm in [0, u64::MAX, 0x1234_5678] {
        assert!(written(|a| assert!(!a.logic(Logic::And, true, A, B, imm))).is_empty());
    }
    is!(|a| a.mov_ri(A, 0), movz w1, 0);
    is!(|a| a.mov_ri(A, -1), movn x1, 0);
    is!(|a| a.mov_ri(A, -2), movn x1, 1);
    is!(|a| a.mov_ri(A, 0x1234_5678), movz w1, 0x5678; movk w1, 0x1234, lsl 16);
    is!(|a| a.mov_ri(A, 0x1_0000_0000), movz x1, 1, lsl 32);
    is!(|a| a.mov_ri(A, -0x8000_0000), orr x1, xzr, 0xffff_ffff_8000_0000);
    is!(|a| a.mov_word(A, 7), movz w1, 7; movk w1, 0, lsl 16);
}

/// `mov_ri` as the processor would do it.
fn value(code: &[u8]) -> u64 {
    code.chunks_exact(4).fold(0, |value, word| {
        let word = u32::from_le_bytes(word.try_into().unwrap());
        let (part, shift) = (u64::from(word >> 5 & 0xffff), 16 * (word >> 21 & 3));
        let all = if word >> 31 != 0 {
            u64::MAX
        } else {
            0xffff_ffff
        };
        match word & 0x7f80_0000 {
            0x5280_0000 => part << shift,
            0x1280_0000 => !(part << shift) & all,
            0x7280_0000 => value & !(0xffff << shift) | part << shift,
            _ => panic!("{word:#x}"),
        }
    })
}

#[test]
fn every_constant_is_made_of_pieces_or_is_one_of_bits() {
    for piece in [0, 1, 0x7fff, 0x8000, 0xfffe, 0xffff_u64] {
        for other in [0, 0x1234, 0xffff] {
            for place in 0..4 {
                for between in 0..4 {
                    let mask = 0xffff << (16 * place) | 0xffff << (16 * between);
                    for rest in [0, !mask] {
                        let imm = piece << (16 * place) | other << (16 * between) | rest;
                        let code = written(|asm| asm.mov_ri(A, imm as i64));
                        let word = u32::from_le_bytes(code[..4].try_into().unwrap());
                        if word & 0x7f80_0000 == Logic::Orr as u32 {
                            let bits = encode_logical_immediate_64bit(imm).unwrap();
                            assert_eq!(word >> 10 & 0x1fff, bits.into());
                            assert_eq!(word, 0xb200_03e1 | u32::from(bits) << 10);
                        } else {
                            assert_eq!(value(&code), imm, "{imm:#x}");
                            assert!(code.len() <= 16);
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn distances_of_accesses() {
    let reaches = super::super::asm::reaches;
    for (disp, shift, expected) in [
        (32760, 3, true),
        (32768, 3, false),
        (16384, 2, false),
        (260, 3, false),
        (255, 3, true),
        (-256, 2, true),
        (-257, 2, false),
        (i32::MIN, 3, false),
    ] {
        assert_eq!(reaches(disp, shift), expected, "{disp} {shift}");
    }
}

#[test]
fn accesses() {
    is!(|a| a.load(A, (STATE, 0)), ldr x1, [x28]);
    is!(|a| a.load(A, (STATE, 32760)), ldr x1, [x28, 32760]);
    is!(|a| a.load(A, (STATE, -256)), ldur x1, [x28, -256]);
    is!(|a| a.load(A, (STATE, 255)), ldur x1, [x28, 255]);
    is!(|a| a.store((B, 8), A), str x1, [x20, 8]);
    is!(|a| a.load32(A, (B, 16380)), ldr w1, [x20, 16380]);
    is!(|a| a.store32((B, -4), A), stur w1, [x20, -4]);
    for (size, signed) in [(AccessSize::Byte, false), (AccessSize::Byte, true)] {
        let code = written(|a| a.load_sum(A, (B, C), size, signed));
        let mut expected = Buffer::with_capacity(8);
        match signed {
            true => dynasm!(expected ; .arch aarch64 ; ldrsb x1, [x20, x30]),
            false => dynasm!(expected ; .arch aarch64 ; ldrb w1, [x20, x30]),
        }
        assert_eq!(code, expected.finish());
    }
    is!(|a| a.load_sum(A, (B, C), AccessSize::Half, false), ldrh w1, [x20, x30]);
    is!(|a| a.load_sum(A, (B, C), AccessSize::Half, true), ldrsh x1, [x20, x30]);
    is!(|a| a.load_sum(A, (B, C), AccessSize::Word, false), ldr w1, [x20, x30]);
    is!(|a| a.load_sum(A, (B, C), AccessSize::Word, true), ldrsw x1, [x20, x30]);
    is!(|a| a.load_sum(A, (B, C), AccessSize::Double, true), ldr x1, [x20, x30]);
    is!(|a| a.store_sum((B, C), A, AccessSize::Byte), strb w1, [x20, x30]);
    is!(|a| a.store_sum((B, C), A, AccessSize::Half), strh w1, [x20, x30]);
    is!(|a| a.store_sum((B, C), A, AccessSize::Word), str w1, [x20, x30]);
    is!(|a| a.store_sum((B, C), A, AccessSize::Double), str x1, [x20, x30]);
}

/// A branch to the second instruction after it.
fn branch(emit: impl FnOnce(&mut Asm) -> super::super::asm::Patch) -> Vec<u8> {
    written(|asm| {
        let patch = emit(asm);
        asm.bind_to(patch, 8);
    })
}

#[test]
fn branches() {
    macro_rules! leads {
        ($emit:expr, $($text:tt)*) => {{
            let mut expected = Buffer::with_capacity(8);
            dynasm!(expected ; .arch aarch64 ; $($text)*);
            assert_eq!(branch($emit), expected.finish());
        }};
    }
    leads!(|a| a.jump(), b 8);
    leads!(|a| a.call(), bl 8);
    leads!(|a| a.branch_if(Cc::GreaterEqual), b.ge 8);
    leads!(|a| a.branch_zero(true, A, true), cbz x1, 8);
    leads!(|a| a.branch_zero(false, B, false), cbnz w20, 8);
    is!(|a| a.jump_register(B), br x20);
}

#[test]
fn veneers_lead_where_they_should() {
    let mut code = [0; patch::VENEER];
    patch::veneer(&mut code, -0x1234_5678);
    let distance = -0x1234_5678_i32 as u32;
    let (low, high) = (distance & 0xffff, distance >> 16);
    let mut expected = Buffer::with_capacity(32);
    dynasm!(expected ; .arch aarch64
        ; adr x7, 0
        ; movz w8, low
        ; movk w8, high, lsl 16
        ; sxtw x8, w8
        ; add x8, x8, x7
        ; br x8
    );
    assert_eq!(code, *expected.finish());
}

#[test]
fn long_code_has_branches_that_reach_all_of_it() {
    let code = written(|asm| {
        asm.expect(1 << 30);
        let patch = asm.branch_zero(true, A, true);
        asm.bind_to(patch, 100 << 20);
        let patch = asm.branch_if(Cc::Less);
        asm.bind_to(patch, 100 << 20);
    });
    let mut expected = Buffer::with_capacity(32);
    dynasm!(expected ; .arch aarch64
        ; cbnz x1, 8
        ; b (100 << 20) - 4
        ; b.ge 8
        ; b (100 << 20) - 12
    );
    assert_eq!(code, expected.finish());
}
