//! Encodings against a disassembler.

use iced_x86::{Decoder, DecoderOptions, Formatter, Instruction, NasmFormatter};
use vm_core::AccessSize;

use super::*;
use crate::host::x86_64::{
    asm::{Alu, Cc, Shift},
    regs::Xmm,
};

const GPRS: [&str; 16] = [
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13",
    "r14", "r15",
];
const DISPLACEMENTS: [i32; 7] = [0, 1, 127, -128, 128, -129, i32::MIN];

/// What an instruction reads like, and what writes it.
type Case<'a> = (&'a str, &'a dyn Fn(&mut Asm));

/// The one instruction that `emit` writes.
fn disassemble(emit: impl FnOnce(&mut Asm)) -> String {
    let mut asm = Asm::with_capacity(16);
    emit(&mut asm);
    let code = asm.out.finish();
    let mut decoder = Decoder::new(64, &code, DecoderOptions::NONE);
    let instruction: Instruction = decoder.decode();
    assert_eq!(instruction.len(), code.len(), "{code:02x?}");
    let mut formatter = NasmFormatter::new();
    formatter
        .options_mut()
        .set_space_after_operand_separator(true);
    formatter.options_mut().set_hex_prefix("0x");
    formatter.options_mut().set_hex_suffix("");
    let mut text = String::new();
    formatter.format(&instruction, &mut text);
    text
}

/// An operand in memory, as the disassembler writes it.
fn place(base: u8, index: Option<u8>, disp: i32) -> String {
    let mut text = format!("[{}", GPRS[usize::from(base)]);
    if let Some(index) = index {
        text.push('+');
        text.push_str(GPRS[usize::from(index)]);
    }
    let distance = match disp.unsigned_abs() {
        small @ 0..=9 => small.to_string(),
        large => format!("0x{large:X}"),
    };
    match disp {
        0 => {}
        1.. => text.push_str(&format!("+{distance}")),
        _ => text.push_str(&format!("-{distance}")),
    }
    text + "]"
}

#[test]
fn every_register_and_displacement() {
    for reg in 0..16 {
        for base in 0..16 {
            let name = GPRS[usize::from(reg)];
            let copied = disassemble(|asm| asm.alu_rr(Alu::Add, true, Gpr(reg), Gpr(base)));
            assert_eq!(copied, format!("add {name}, {}", GPRS[usize::from(base)]));
            for disp in DISPLACEMENTS {
                let text = disassemble(|asm| asm.load(Gpr(reg), (Gpr(base), disp)));
                assert_eq!(text, format!("mov {name}, {}", place(base, None, disp)));
                for index in [0, 1, 2] {
                    let memory = Rm::Sum(Gpr(base), Gpr(index), disp);
                    let text = disassemble(|asm| asm.alu_rx(Alu::Cmp, Gpr(reg), memory));
                    let place = place(base, Some(index), disp);
                    assert_eq!(text, format!("cmp {name}, {place}"));
                }
            }
        }
    }
}

#[test]
fn every_kind() {
    let (rdi, r9, xmm9) = (Gpr(7), Gpr(9), Xmm(9));
    let memory = Rm::Sum(Gpr(12), Gpr(1), 4);
    let all: [Case<'_>; 33] = [
        ("sub r9d, 0x12", &|a| a.alu_ri(Alu::Sub, false, r9, 0x12)),
        ("xor rdi, 0xFFFFFFFFFFFFFFFF", &|a| {
            a.alu_ri(Alu::Xor, true, rdi, -1)
        }),
        ("and rdi, 0xFFFFFFFFFFFFF007", &|a| {
            a.alu_ri(Alu::And, true, rdi, -4089)
        }),
        ("or rdi, r9", &|a| a.alu_rr(Alu::Or, true, rdi, r9)),
        ("cmp dword [r9+0x200], 0xFFFFFFFF", &|a| {
            a.alu32_mi(Alu::Cmp, (r9, 0x200), -1)
        }),
        ("add dword [r9], 0x200", &|a| {
            a.alu32_mi(Alu::Add, (r9, 0), 0x200)
        }),
        ("push 0x12345678", &|a| a.push_imm(0x1234_5678)),
        ("test r9, r9", &|a| a.test(r9)),
        ("not r9", &|a| a.not(r9)),
        ("shr r9d, 0x1F", &|a| a.shift(Shift::Right, false, r9, 31)),
        ("sar r9, 0x20", &|a| {
            a.shift(Shift::Arithmetic, true, r9, 32)
        }),
        ("ror rdi, 7", &|a| a.shift(Shift::RotateRight, true, rdi, 7)),
        ("mov edi, r9d", &|a| a.mov32_rr(rdi, r9)),
        ("movsxd rdi, r9d", &|a| a.movsxd_rr(rdi, r9)),
        ("mov r9d, 0xFFFFFFFF", &|a| a.mov_ri(r9, 0xffff_ffff)),
        ("mov r9, 0xFFFFFFFF80000000", &|a| {
            a.mov_ri(r9, -0x8000_0000)
        }),
        ("mov qword [rdi], 0xFFFFFFFFFFFFFFFE", &|a| {
            a.store_imm((rdi, 0), -2)
        }),
        ("mov dword [rdi+8], 5", &|a| a.store32_imm((rdi, 8), 5)),
        ("movsx rdi, byte [r12+rcx+4]", &|a| {
            a.load_sized(rdi, memory, AccessSize::Byte, true)
        }),
        ("movzx r9d, word [r12+rcx+4]", &|a| {
            a.load_sized(r9, memory, AccessSize::Half, false)
        }),
        ("movsxd r9, [r12+rcx+4]", &|a| {
            a.load_sized(r9, memory, AccessSize::Word, true)
        }),
        ("mov [r12+rcx+4], dil", &|a| {
            a.store_sized(memory, rdi, AccessSize::Byte)
        }),
        ("mov [r12+rcx+4], di", &|a| {
            a.store_sized(memory, rdi, AccessSize::Half)
        }),
        ("mov byte [r12+rcx+4], 0xFF", &|a| {
            a.store_sized_imm(memory, -1, AccessSize::Byte)
        }),
        ("mov word [r12+rcx+4], 0x1234", &|a| {
            a.store_sized_imm(memory, 0x1234, AccessSize::Half)
        }),
        ("lea r9, [rdi-8]", &|a| a.lea(r9, rdi, -8)),
        ("lea r9, [rdi+r13]", &|a| a.lea_sum(r9, rdi, Gpr(13))),
        ("imul r9, rdi", &|a| a.imul(true, r9, Rm::Reg(7))),
        ("imul r9d, 0x64", &|a| a.imul_ri(false, r9, 100)),
        ("cmovg rdi, [r9+8]", &|a| {
            a.cmov(Cc::Greater, true, rdi, Rm::Mem(r9, 8))
        }),
        ("movsd xmm9, [r12+rcx+4]", &|a| {
            a.load_vector(xmm9, memory, true)
        }),
        ("movss [r12+rcx+4], xmm9", &|a| {
            a.store_vector(memory, xmm9, false)
        }),
        ("movaps xmm9, xmm1", &|a| a.movaps(xmm9, Xmm(1))),
    ];
    let texts: Vec<_> = all.iter().map(|(_, emit)| disassemble(emit)).collect();
    let expected: Vec<_> = all.iter().map(|(text, _)| *text).collect();
    assert_eq!(texts, expected);
}
