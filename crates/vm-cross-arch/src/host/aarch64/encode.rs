//! Encodings, by the parts that they have in common (Arm Architecture Reference
//! Manual, DDI 0487, C4.1 "A64 instruction set encoding").

use dynasmrt::aarch64::{encode_logical_immediate_32bit, encode_logical_immediate_64bit};

use super::{asm::Asm, regs::Gpr};

/// An operation on two registers, by the bits of its encoding that do not depend on
/// operands (C4.1.95 "Data Processing -- Register").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Alu {
    Add = 0x0b00_0000,
    Sub = 0x4b00_0000,
    Subs = 0x6b00_0000,
    And = 0x0a00_0000,
    Orr = 0x2a00_0000,
    Eor = 0x4a00_0000,
    Bic = 0x0a20_0000,
    Orn = 0x2a20_0000,
    Eon = 0x4a20_0000,
    UDiv = 0x1ac0_0800,
    SDiv = 0x1ac0_0c00,
    LslV = 0x1ac0_2000,
    LsrV = 0x1ac0_2400,
    AsrV = 0x1ac0_2800,
    RorV = 0x1ac0_2c00,
    /// With the zero register as the addend.
    Mul = 0x1b00_7c00,
}

/// An operation on one register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Single {
    /// Reverses the order of the bits.
    RBit = 0x5ac0_0000,
    /// Counts leading zeros.
    Clz = 0x5ac0_1000,
}

/// A bitwise operation with a constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Logic {
    And = 0x1200_0000,
    Orr = 0x3200_0000,
    Eor = 0x5200_0000,
}

/// The condition of a branch or selection, by its number in encodings (C1.2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Cc {
    Equal = 0x0,
    NotEqual = 0x1,
    HigherSame = 0x2,
    Lower = 0x3,
    Minus = 0x4,
    Higher = 0x8,
    GreaterEqual = 0xa,
    Less = 0xb,
    Greater = 0xc,
}

impl Cc {
    /// The opposite.
    pub(super) const fn inverted(self) -> u32 {
        self as u32 ^ 1
    }
}

impl Asm {
    /// The bit of 64-bit forms.
    const fn sf(wide: bool) -> u32 {
        (wide as u32) << 31
    }

    fn registers(d: Gpr, n: Gpr, m: Gpr) -> u32 {
        u32::from(d.0) | u32::from(n.0) << 5 | u32::from(m.0) << 16
    }

    /// `d = n op m`.
    pub(super) fn alu(&mut self, op: Alu, wide: bool, d: Gpr, n: Gpr, m: Gpr) {
        self.word(op as u32 | Self::sf(wide) | Self::registers(d, n, m));
    }

    /// `d = n op (m << amount)`, not for the last ones of [`Alu`].
    pub(super) fn alu_shifted(
        &mut self,
        op: Alu,
        wide: bool,
        (d, n, m): (Gpr, Gpr, Gpr),
        amount: u8,
    ) {
        let amount = u32::from(amount & 0x3f) << 10;
        self.word(op as u32 | Self::sf(wide) | Self::registers(d, n, m) | amount);
    }

    /// `d = op n`.
    pub(super) fn single(&mut self, op: Single, wide: bool, d: Gpr, n: Gpr) {
        self.word(op as u32 | Self::sf(wide) | Self::registers(d, n, Gpr(0)));
    }

    /// `d = n op imm` if the constant can be encoded.
    pub(super) fn logic(&mut self, op: Logic, wide: bool, d: Gpr, n: Gpr, imm: u64) -> bool {
        let encoded = if wide {
            encode_logical_immediate_64bit(imm)
        } else {
            encode_logical_immediate_32bit(imm as u32)
        };
        let Some(encoded) = encoded else {
            return false;
        };
        let word = op as u32 | Self::sf(wide) | Self::registers(d, n, Gpr(0));
        self.word(word | u32::from(encoded) << 10);
        true
    }

    /// `d = n + imm` or, with `subtract`, `n - imm`; `set_flags` leaves the flags of
    /// that. `imm` has 12 bits, which may be the upper ones of 24.
    pub(super) fn add_imm(
        &mut self,
        (subtract, set_flags): (bool, bool),
        wide: bool,
        (d, n): (Gpr, Gpr),
        imm: Imm12,
    ) {
        let op = 0x1100_0000 | u32::from(subtract) << 30 | u32::from(set_flags) << 29;
        let word = op | Self::sf(wide) | Self::registers(d, n, Gpr(0));
        self.word(word | imm.0 << 10);
    }

    /// `d = if cc { n } else { m }`; `inverts` takes `!m` instead.
    pub(super) fn select(&mut self, wide: bool, (d, n, m): (Gpr, Gpr, Gpr), cc: Cc, inverts: bool) {
        let op = 0x1a80_0000 | u32::from(inverts) << 30 | (cc as u32) << 12;
        self.word(op | Self::sf(wide) | Self::registers(d, n, m));
    }

    /// `d =` bits `low..=high` of `n` moved to the bottom, or, where `high < low`,
    /// bits `0..=high` moved up to bit `width - low` (C6.2 "UBFM" and "SBFM").
    pub(super) fn bitfield(
        &mut self,
        signed: bool,
        wide: bool,
        (d, n): (Gpr, Gpr),
        low: u8,
        high: u8,
    ) {
        let op = 0x1300_0000 | u32::from(!signed) << 30 | u32::from(wide) << 22;
        let limits = u32::from(low & 0x3f) << 16 | u32::from(high & 0x3f) << 10;
        let word = op | Self::sf(wide) | Self::registers(d, n, Gpr(0));
        self.word(word | limits);
    }

    /// `d = n` rotated to the right.
    pub(super) fn rotate(&mut self, wide: bool, (d, n): (Gpr, Gpr), amount: u8) {
        let op = 0x1380_0000 | u32::from(wide) << 22 | u32::from(amount & 0x3f) << 10;
        self.word(op | Self::sf(wide) | Self::registers(d, n, n));
    }

    /// `d = 0`, then `imm` at bit 16 × `part`.
    pub(super) fn movz(&mut self, wide: bool, d: Gpr, imm: u16, part: u8) {
        self.move_wide(0x5280_0000, wide, d, imm, part);
    }

    /// `d = !0`, then `!imm` at bit 16 × `part`.
    pub(super) fn movn(&mut self, wide: bool, d: Gpr, imm: u16, part: u8) {
        self.move_wide(0x1280_0000, wide, d, imm, part);
    }

    /// `imm` replaces what is in `d` at bit 16 × `part`.
    pub(super) fn movk(&mut self, wide: bool, d: Gpr, imm: u16, part: u8) {
        self.move_wide(0x7280_0000, wide, d, imm, part);
    }

    fn move_wide(&mut self, op: u32, wide: bool, d: Gpr, imm: u16, part: u8) {
        let imm = u32::from(imm) << 5 | u32::from(part & 3) << 21;
        self.word(op | Self::sf(wide) | u32::from(d.0) | imm);
    }
}

/// A constant that additions can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Imm12(u32);

impl Imm12 {
    /// The constant, if it can be encoded.
    pub(super) const fn new(value: u64) -> Option<Self> {
        match value {
            0..0x1000 => Some(Self(value as u32)),
            0..0x100_0000 if value & 0xfff == 0 => Some(Self((value >> 12) as u32 | 1 << 12)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
