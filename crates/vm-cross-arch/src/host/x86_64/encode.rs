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

/// Up to 8 bytes of an instruction.
#[derive(Default)]
struct Bytes {
    word: u64,
    len: u32,
}

impl Bytes {
    #[inline]
    fn push(&mut self, byte: u8) {
        self.word |= u64::from(byte) << (8 * self.len);
        self.len += 1;
    }

    #[inline]
    fn push_u32(&mut self, value: u32) {
        self.word |= u64::from(value) << (8 * self.len);
        self.len += 4;
    }
}

/// Writes ModRM and SIB of an operand in memory to `head`, its displacement to `tail`.
#[inline(always)]
fn memory(
    (head, tail): (&mut Bytes, &mut Bytes),
    reg: u8,
    (base, index): (Gpr, Option<Gpr>),
    disp: i32,
) {
    let (reg, low) = ((reg & 7) << 3, base.0 & 7);
    // Base 5 without displacement means something else.
    let mode = if disp == 0 && low != 5 {
        0
    } else if i8::try_from(disp).is_ok() {
        tail.push(disp as u8);
        0x40
    } else {
        tail.push_u32(disp as u32);
        0x80
    };
    // Base 4 means that a SIB byte follows.
    match index {
        Some(index) => {
            head.push(mode | reg | 4);
            head.push((index.0 & 7) << 3 | low);
        }
        None if low == 4 => {
            head.push(mode | reg | 4);
            head.push(0x24);
        }
        None => head.push(mode | reg | low),
    }
}

impl Asm {
    /// Writes an instruction with an opcode of one byte and two registers.
    #[inline]
    pub(super) fn encode_registers(&mut self, opcode: u8, wide: bool, reg: Gpr, rm: Gpr) {
        let rex = u64::from((wide as u8) << 3 | (reg.0 >> 3) << 2 | rm.0 >> 3);
        let modrm = u64::from(0xc0 | (reg.0 & 7) << 3 | (rm.0 & 7));
        let rest = u64::from(opcode) | modrm << 8;
        match rex {
            0 => self.out.put(rest, 2),
            _ => self.out.put(0x40 | rex | rest << 8, 3),
        }
    }

    /// Writes an instruction with an opcode of one byte, a register of 64 bits
    /// and memory.
    #[inline]
    pub(super) fn encode_memory(&mut self, opcode: u8, reg: Gpr, base: Gpr, disp: i32) {
        if base.0 & 7 == 4 {
            // It needs a SIB byte.
            let (opcode, memory) = (Opcode::one(opcode), Rm::Mem(base, disp));
            return self.encode(opcode, true, reg.0, memory, Immediate::None);
        }
        let rex = u64::from(0x48 | (reg.0 >> 3) << 2 | base.0 >> 3);
        let modrm = u64::from((reg.0 & 7) << 3 | (base.0 & 7));
        let head = rex | u64::from(opcode) << 8 | modrm << 16;
        match i8::try_from(disp) {
            Ok(0) if base.0 & 7 != 5 => self.out.put(head, 3),
            Ok(disp) => self
                .out
                .put(head | 0x40 << 16 | u64::from(disp as u8) << 24, 4),
            Err(_) => self
                .out
                .put(head | 0x80 << 16 | u64::from(disp as u32) << 24, 7),
        }
    }

    /// Writes one instruction; `reg` is the register, or the digit of the opcode.
    #[inline(always)]
    pub(super) fn encode(&mut self, opcode: Opcode, wide: bool, reg: u8, rm: Rm, imm: Immediate) {
        self.encode_rex(opcode, if wide { 0x48 } else { 0 }, reg, rm, imm);
    }

    /// The same with a byte register, of which 4 to 7 need a REX prefix.
    #[inline(always)]
    pub(super) fn encode_byte(&mut self, opcode: Opcode, reg: u8, rm: Rm, imm: Immediate) {
        let byte = match rm {
            Rm::Reg(rm) => rm,
            _ => reg,
        };
        let rex = if matches!(byte, 4..8) { 0x40 } else { 0 };
        self.encode_rex(opcode, rex, reg, rm, imm);
    }

    #[inline(always)]
    fn encode_rex(&mut self, opcode: Opcode, rex: u8, reg: u8, rm: Rm, imm: Immediate) {
        let (mut head, mut tail) = (Bytes::default(), Bytes::default());
        if opcode.prefix != 0 {
            head.push(opcode.prefix);
        }
        let (base, index) = match rm {
            Rm::Reg(rm) => (rm, 0),
            Rm::Mem(base, _) => (base.0, 0),
            Rm::Sum(base, index, _) => (base.0, index.0),
        };
        let rex = rex | (reg >> 3) << 2 | (index >> 3) << 1 | base >> 3;
        if rex != 0 {
            head.push(0x40 | rex);
        }
        if opcode.escape {
            head.push(0x0f);
        }
        head.push(opcode.byte);
        let parts = (&mut head, &mut tail);
        match rm {
            Rm::Reg(rm) => head.push(0xc0 | (reg & 7) << 3 | (rm & 7)),
            Rm::Mem(base, disp) => memory(parts, reg, (base, None), disp),
            Rm::Sum(base, index, disp) => memory(parts, reg, (base, Some(index)), disp),
        }
        match imm {
            Immediate::None => {}
            Immediate::Byte(imm) => tail.push(imm),
            Immediate::Word(imm) => {
                let [low, high] = imm.to_le_bytes();
                tail.push(low);
                tail.push(high);
            }
            Immediate::Double(imm) => tail.push_u32(imm),
        }
        self.out.put(head.word, head.len as usize);
        if tail.len != 0 {
            self.out.put(tail.word, tail.len as usize);
        }
    }
}

#[cfg(test)]
mod tests;
