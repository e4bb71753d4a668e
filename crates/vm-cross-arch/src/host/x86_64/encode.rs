//! Encodings of the instructions that make up most code: shorter and several
//! times as fast to write as by the assembler's macro, which knows registers
//! and displacements at run time only. (AMD64 Architecture Programmer's Manual
//! volume 3, section 1: prefixes, opcode, ModRM, SIB, displacement, immediate.)

use super::{asm::Asm, regs::Gpr};

/// What the ModRM byte names beside a register.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rm {
    /// A register.
    Reg(u8),
    /// Memory at base plus displacement.
    Mem(Gpr, i32),
    /// Memory at the sum of two registers plus displacement.
    Sum(Gpr, Gpr, i32),
}

/// An opcode: its bytes, the last one lowest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opcode {
    /// 0x66, 0xf2 or 0xf3; 0 for none.
    prefix: u8,
    /// Whether 0x0f comes first.
    escape: bool,
    byte: u8,
}

impl Opcode {
    /// An opcode of one byte.
    pub(super) const fn one(byte: u8) -> Self {
        Self {
            prefix: 0,
            escape: false,
            byte,
        }
    }

    /// 0x0f and a byte.
    pub(super) const fn two(byte: u8) -> Self {
        Self {
            escape: true,
            ..Self::one(byte)
        }
    }

    /// The same behind a prefix.
    pub(super) const fn with_prefix(self, prefix: u8) -> Self {
        Self { prefix, ..self }
    }
}

/// An immediate operand.
#[derive(Debug, Clone, Copy)]
pub(super) enum Immediate {
    None,
    Byte(u8),
    Word(u16),
    Double(u32),
}

/// An instruction as it grows.
#[derive(Default)]
struct Bytes {
    word: u128,
    len: u32,
}

impl Bytes {
    #[inline]
    fn push(&mut self, value: u32, count: u32) {
        self.word |= u128::from(value) << (8 * self.len);
        self.len += count;
    }

    #[inline]
    fn memory(&mut self, reg: u8, base: Gpr, index: Option<Gpr>, disp: i32) {
        let (reg, low) = ((reg & 7) << 3, base.0 & 7);
        let short = i8::try_from(disp).is_ok();
        // Base 5 without displacement means something else.
        let mode = if disp == 0 && low != 5 {
            0
        } else if short {
            0x40
        } else {
            0x80
        };
        match index {
            Some(index) => {
                self.push(u32::from(mode | reg | 4), 1);
                self.push(u32::from((index.0 & 7) << 3 | low), 1);
            }
            // Base 4 means that a SIB byte follows.
            None if low == 4 => {
                self.push(u32::from(mode | reg | 4), 1);
                self.push(0x24, 1);
            }
            None => self.push(u32::from(mode | reg | low), 1),
        }
        match mode {
            0 => {}
            0x40 => self.push(u32::from(disp as u8), 1),
            _ => self.push(disp as u32, 4),
        }
    }
}

impl Asm {
    /// Writes one instruction; `reg` is the register, or the digit of the opcode.
    #[inline]
    pub(super) fn encode(&mut self, opcode: Opcode, wide: bool, reg: u8, rm: Rm, imm: Immediate) {
        self.encode_rex(opcode, if wide { 0x48 } else { 0 }, reg, rm, imm);
    }

    /// The same with a byte register, of which 4 to 7 need a REX prefix.
    #[inline]
    pub(super) fn encode_byte(&mut self, opcode: Opcode, reg: u8, rm: Rm, imm: Immediate) {
        let byte = match rm {
            Rm::Reg(rm) => rm,
            _ => reg,
        };
        let rex = if matches!(byte, 4..8) { 0x40 } else { 0 };
        self.encode_rex(opcode, rex, reg, rm, imm);
    }

    #[inline]
    fn encode_rex(&mut self, opcode: Opcode, rex: u8, reg: u8, rm: Rm, imm: Immediate) {
        let mut bytes = Bytes::default();
        if opcode.prefix != 0 {
            bytes.push(opcode.prefix.into(), 1);
        }
        let (base, index) = match rm {
            Rm::Reg(rm) => (rm, 0),
            Rm::Mem(base, _) => (base.0, 0),
            Rm::Sum(base, index, _) => (base.0, index.0),
        };
        let rex = rex | (reg >> 3) << 2 | (index >> 3) << 1 | base >> 3;
        if rex != 0 {
            bytes.push(u32::from(0x40 | rex), 1);
        }
        if opcode.escape {
            bytes.push(0x0f, 1);
        }
        bytes.push(opcode.byte.into(), 1);
        match rm {
            Rm::Reg(rm) => bytes.push(u32::from(0xc0 | (reg & 7) << 3 | (rm & 7)), 1),
            Rm::Mem(base, disp) => bytes.memory(reg, base, None, disp),
            Rm::Sum(base, index, disp) => bytes.memory(reg, base, Some(index), disp),
        }
        match imm {
            Immediate::None => {}
            Immediate::Byte(imm) => bytes.push(imm.into(), 1),
            Immediate::Word(imm) => bytes.push(imm.into(), 2),
            Immediate::Double(imm) => bytes.push(imm, 4),
        }
        self.out.put(bytes.word, bytes.len as usize);
    }
}
