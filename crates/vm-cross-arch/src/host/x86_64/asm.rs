//! Instructions, on top of the assembler library.

use dynasmrt::{DynasmApi, dynasm};
use vm_core::AccessSize;

use super::{
    encode::{Immediate, Opcode, Rm},
    regs::{Gpr, Xmm},
};
use crate::host::buffer::Buffer;

/// A two-operand operation with register, memory and constant forms, by its
/// number in encodings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Alu {
    Add = 0,
    Or = 1,
    And = 4,
    Sub = 5,
    Xor = 6,
    Cmp = 7,
}

impl Alu {
    /// Its number in opcodes, or as their digit.
    const fn digit(self) -> u8 {
        self as u8
    }

    /// The opcode with a register first.
    const fn opcode(self) -> u8 {
        self.digit() << 3 | 3
    }
}

/// A shift or rotation, by its digit in opcodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Shift {
    RotateLeft = 0,
    RotateRight = 1,
    Left = 4,
    Right = 5,
    Arithmetic = 7,
}

/// The condition of a jump or move, by its number in encodings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Cc {
    Below = 0x2,
    AboveEqual = 0x3,
    Equal = 0x4,
    NotEqual = 0x5,
    Above = 0x7,
    Sign = 0x8,
    Parity = 0xa,
    Less = 0xc,
    GreaterEqual = 0xd,
    Greater = 0xf,
}

/// A place in the code that a jump's displacement is yet to be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "the jump goes astray unless it is bound"]
pub(super) struct Patch(u32);

impl Patch {
    /// Offset of the displacement.
    pub(super) const fn offset(self) -> u32 {
        self.0
    }
}

/// The opcode of a jump with a 32-bit displacement.
pub(super) const JMP: u8 = 0xe9;

/// Code being written.
pub(super) struct Asm {
    pub(super) out: Buffer,
}

impl Asm {
    /// Room for about `bytes` of code.
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self {
            out: Buffer::with_capacity(bytes),
        }
    }

    /// Offset of the next instruction.
    pub(super) fn here(&self) -> u32 {
        self.out.len() as u32
    }

    /// `dst op= src`, on 64 bits if `wide`, else on 32.
    pub(super) fn alu_rr(&mut self, op: Alu, wide: bool, dst: Gpr, src: Gpr) {
        self.encode_registers(op.opcode(), wide, dst, src);
    }

    /// `dst op= [base + disp]`.
    pub(super) fn alu_rm(&mut self, op: Alu, wide: bool, dst: Gpr, (base, disp): (Gpr, i32)) {
        if wide {
            return self.encode_memory(op.opcode(), dst, base, disp);
        }
        self.reg(Opcode::one(op.opcode()), wide, dst, Rm::Mem(base, disp));
    }

    /// `dst op= memory`, 64 bits.
    pub(super) fn alu_rx(&mut self, op: Alu, dst: Gpr, memory: Rm) {
        self.reg(Opcode::one(op.opcode()), true, dst, memory);
    }

    /// `dst op= imm`.
    pub(super) fn alu_ri(&mut self, op: Alu, wide: bool, dst: Gpr, imm: i32) {
        let (opcode, imm) = match i8::try_from(imm) {
            Ok(imm) => (0x83, Immediate::Byte(imm as u8)),
            Err(_) => (0x81, Immediate::Double(imm as u32)),
        };
        let (digit, dst) = (op.digit(), Rm::Reg(dst.0));
        self.encode(Opcode::one(opcode), wide, digit, dst, imm);
    }

    /// `[base + disp] op= imm`, 32 bits.
    pub(super) fn alu32_mi(&mut self, op: Alu, (base, disp): (Gpr, i32), imm: i32) {
        let (opcode, imm) = match i8::try_from(imm) {
            Ok(imm) => (0x83, Immediate::Byte(imm as u8)),
            Err(_) => (0x81, Immediate::Double(imm as u32)),
        };
        let (digit, dst) = (op.digit(), Rm::Mem(base, disp));
        self.encode(Opcode::one(opcode), false, digit, dst, imm);
    }

    /// Pushes a constant.
    pub(super) fn push_imm(&mut self, imm: i32) {
        self.out.put(0x68 | u64::from(imm as u32) << 8, 5);
    }

    /// `test reg, reg`, 64 bits.
    pub(super) fn test(&mut self, reg: Gpr) {
        self.encode_registers(0x85, true, reg, reg);
    }

    /// `reg = !reg`, 64 bits.
    pub(super) fn not(&mut self, reg: Gpr) {
        let reg = Rm::Reg(reg.0);
        self.encode(Opcode::one(0xf7), true, 2, reg, Immediate::None);
    }

    /// Shifts or rotates by a constant.
    pub(super) fn shift(&mut self, shift: Shift, wide: bool, reg: Gpr, amount: u8) {
        let amount = Immediate::Byte(amount);
        let reg = Rm::Reg(reg.0);
        self.encode(Opcode::one(0xc1), wide, shift as u8, reg, amount);
    }

    /// Shifts or rotates by `cl`.
    pub(super) fn shift_cl(&mut self, shift: Shift, wide: bool, reg: Gpr) {
        let reg = Rm::Reg(reg.0);
        self.encode(Opcode::one(0xd3), wide, shift as u8, reg, Immediate::None);
    }

    fn reg(&mut self, opcode: Opcode, wide: bool, reg: Gpr, rm: Rm) {
        self.encode(opcode, wide, reg.0, rm, Immediate::None);
    }

    pub(super) fn mov_rr(&mut self, dst: Gpr, src: Gpr) {
        if dst != src {
            self.encode_registers(0x8b, true, dst, src);
        }
    }

    /// `dst = zero-extended low half of src`.
    pub(super) fn mov32_rr(&mut self, dst: Gpr, src: Gpr) {
        self.encode_registers(0x8b, false, dst, src);
    }

    /// `dst = sign-extended low half of src`.
    pub(super) fn movsxd_rr(&mut self, dst: Gpr, src: Gpr) {
        self.encode_registers(0x63, true, dst, src);
    }

    /// `dst = imm`, leaving the flags alone.
    pub(super) fn mov_ri(&mut self, dst: Gpr, imm: i64) {
        let d = dst.0;
        if let Ok(imm) = u32::try_from(imm) {
            let prefix = u64::from(0x41_u8);
            let opcode = u64::from(0xb8 | d & 7) | u64::from(imm) << 8;
            match d {
                0..8 => self.out.put(opcode, 5),
                _ => self.out.put(prefix | opcode << 8, 6),
            }
        } else if let Ok(imm) = i32::try_from(imm) {
            let imm = Immediate::Double(imm as u32);
            self.encode(Opcode::one(0xc7), true, 0, Rm::Reg(d), imm);
        } else {
            dynasm!(self.out ; .arch x64 ; mov Rq(d), QWORD imm);
        }
    }

    /// `dst = imm`; may change the flags.
    pub(super) fn set_ri(&mut self, dst: Gpr, imm: i64) {
        if imm == 0 {
            self.alu_rr(Alu::Xor, false, dst, dst);
        } else {
            self.mov_ri(dst, imm);
        }
    }

    /// `dst = [base + disp]`, 64 bits.
    pub(super) fn load(&mut self, dst: Gpr, (base, disp): (Gpr, i32)) {
        self.encode_memory(0x8b, dst, base, disp);
    }

    /// `[base + disp] = src`, 64 bits.
    pub(super) fn store(&mut self, (base, disp): (Gpr, i32), src: Gpr) {
        self.encode_memory(0x89, src, base, disp);
    }

    /// `[base + disp] = imm`, 64 bits, sign-extended from 32.
    pub(super) fn store_imm(&mut self, (base, disp): (Gpr, i32), imm: i32) {
        let (imm, dst) = (Immediate::Double(imm as u32), Rm::Mem(base, disp));
        self.encode(Opcode::one(0xc7), true, 0, dst, imm);
    }

    /// `[base + disp] = imm`, 32 bits.
    pub(super) fn store32_imm(&mut self, (base, disp): (Gpr, i32), imm: i32) {
        let (imm, dst) = (Immediate::Double(imm as u32), Rm::Mem(base, disp));
        self.encode(Opcode::one(0xc7), false, 0, dst, imm);
    }

    /// `dst = memory`, sign- or zero-extended.
    pub(super) fn load_sized(&mut self, dst: Gpr, rm: Rm, size: AccessSize, signed: bool) {
        let (opcode, wide) = match (size, signed) {
            (AccessSize::Byte, true) => (Opcode::two(0xbe), true),
            (AccessSize::Byte, false) => (Opcode::two(0xb6), false),
            (AccessSize::Half, true) => (Opcode::two(0xbf), true),
            (AccessSize::Half, false) => (Opcode::two(0xb7), false),
            (AccessSize::Word, true) => (Opcode::one(0x63), true),
            (AccessSize::Word, false) => (Opcode::one(0x8b), false),
            (AccessSize::Double, _) => (Opcode::one(0x8b), true),
        };
        self.reg(opcode, wide, dst, rm);
    }

    /// `memory = low part of src`.
    pub(super) fn store_sized(&mut self, rm: Rm, src: Gpr, size: AccessSize) {
        let word = Opcode::one(0x89);
        match size {
            AccessSize::Byte => {
                self.encode_byte(Opcode::one(0x88), src.0, rm, Immediate::None);
            }
            AccessSize::Half => self.reg(word.with_prefix(0x66), false, src, rm),
            AccessSize::Word => self.reg(word, false, src, rm),
            AccessSize::Double => self.reg(word, true, src, rm),
        }
    }

    /// `memory = imm`, of 64 bits sign-extended from 32.
    pub(super) fn store_sized_imm(&mut self, rm: Rm, imm: i32, size: AccessSize) {
        let (word, all) = (Opcode::one(0xc7), Immediate::Double(imm as u32));
        match size {
            AccessSize::Byte => {
                let imm = Immediate::Byte(imm as u8);
                self.encode(Opcode::one(0xc6), false, 0, rm, imm);
            }
            AccessSize::Half => {
                let imm = Immediate::Word(imm as u16);
                self.encode(word.with_prefix(0x66), false, 0, rm, imm);
            }
            AccessSize::Word => self.encode(word, false, 0, rm, all),
            AccessSize::Double => self.encode(word, true, 0, rm, all),
        }
    }

    /// `dst = base + disp`.
    pub(super) fn lea(&mut self, dst: Gpr, base: Gpr, disp: i32) {
        if disp == 0 {
            self.mov_rr(dst, base);
        } else {
            self.encode_memory(0x8d, dst, base, disp);
        }
    }

    /// `dst = a + b`.
    pub(super) fn lea_sum(&mut self, dst: Gpr, a: Gpr, b: Gpr) {
        self.reg(Opcode::one(0x8d), true, dst, Rm::Sum(a, b, 0));
    }

    /// `dst *= source`.
    pub(super) fn imul(&mut self, wide: bool, dst: Gpr, source: Rm) {
        self.reg(Opcode::two(0xaf), wide, dst, source);
    }

    /// `dst *= imm`.
    pub(super) fn imul_ri(&mut self, wide: bool, dst: Gpr, imm: i32) {
        let (imm, source) = (Immediate::Double(imm as u32), Rm::Reg(dst.0));
        self.encode(Opcode::one(0x69), wide, dst.0, source, imm);
    }

    /// `dst = memory` or register, if `cc`.
    pub(super) fn cmov(&mut self, cc: Cc, wide: bool, dst: Gpr, source: Rm) {
        self.reg(Opcode::two(0x40 | cc as u8), wide, dst, source);
    }

    /// `dst = cc`, as 0 or 1.
    pub(super) fn set_cc(&mut self, dst: Gpr, cc: Cc) {
        let opcode = Opcode::two(0x90 | cc as u8);
        self.encode_byte(opcode, 0, Rm::Reg(dst.0), Immediate::None);
        let byte = Rm::Reg(dst.0);
        self.encode_byte(Opcode::two(0xb6), dst.0, byte, Immediate::None);
    }

    /// `dst = memory`, a single or a double.
    pub(super) fn load_vector(&mut self, dst: Xmm, rm: Rm, double: bool) {
        let opcode = Opcode::two(0x10).with_prefix(scalar(double));
        self.encode(opcode, false, dst.0, rm, Immediate::None);
    }

    /// `memory = src`, a single or a double.
    pub(super) fn store_vector(&mut self, rm: Rm, src: Xmm, double: bool) {
        let opcode = Opcode::two(0x11).with_prefix(scalar(double));
        self.encode(opcode, false, src.0, rm, Immediate::None);
    }

    /// Copies a vector register.
    pub(super) fn movaps(&mut self, dst: Xmm, src: Xmm) {
        if dst != src {
            let src = Rm::Reg(src.0);
            self.encode(Opcode::two(0x28), false, dst.0, src, Immediate::None);
        }
    }

    /// A conditional jump to a place not known yet.
    pub(super) fn jcc(&mut self, cc: Cc) -> Patch {
        self.out.put(u64::from(0x800f | (cc as u32) << 8), 6);
        Patch(self.here() - 4)
    }

    /// A jump to a place not known yet.
    pub(super) fn jmp(&mut self) -> Patch {
        self.out.put(JMP.into(), 5);
        Patch(self.here() - 4)
    }

    /// A call of a place not known yet.
    pub(super) fn call(&mut self) -> Patch {
        self.out.put(0xe8, 5);
        Patch(self.here() - 4)
    }

    /// Lets a jump lead to the next instruction.
    pub(super) fn bind(&mut self, patch: Patch) {
        let here = self.here();
        self.bind_to(patch, here);
    }

    /// Lets a jump lead to the instruction at offset `target`.
    pub(super) fn bind_to(&mut self, patch: Patch, target: u32) {
        let displacement = target.wrapping_sub(patch.0 + 4) as i32;
        self.out.set_i32(patch.0 as usize, displacement);
    }
}

/// The prefix of an instruction on one number.
const fn scalar(double: bool) -> u8 {
    if double { 0xf2 } else { 0xf3 }
}
