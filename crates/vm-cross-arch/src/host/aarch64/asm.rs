//! Instructions, on top of their encodings.

use vm_core::AccessSize;

use super::{
    encode::{Alu, Cc, Imm12, Logic},
    patch,
    regs::{Gpr, ZERO},
};
use crate::host::buffer::Buffer;

/// A branch whose target is yet to be written to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "the branch goes astray unless it is bound"]
pub(super) struct Patch(u32);

impl Patch {
    /// Offset of the branch.
    pub(super) const fn offset(self) -> u32 {
        self.0
    }
}

/// Code being written.
pub(super) struct Asm {
    pub(super) out: Buffer,
    /// Conditional branches may have to reach further than one instruction does.
    is_long: bool,
}

/// Code of so many bytes is all within reach of every branch in it.
const SHORT: usize = 1 << 19;

impl Asm {
    /// Room for about `bytes` of code.
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self {
            out: Buffer::with_capacity(bytes),
            is_long: false,
        }
    }

    /// Prepares for code of up to `bytes`.
    pub(super) fn expect(&mut self, bytes: usize) {
        self.is_long = bytes > SHORT;
    }

    /// An instruction as it is encoded.
    #[inline]
    pub(super) fn word(&mut self, word: u32) {
        self.out.put(word.into(), 4);
    }

    /// Offset of the next instruction.
    pub(super) fn here(&self) -> u32 {
        self.out.len() as u32
    }

    /// `dst = src`.
    pub(super) fn mov_rr(&mut self, dst: Gpr, src: Gpr) {
        if dst != src {
            self.alu(Alu::Orr, true, dst, ZERO, src);
        }
    }

    /// `dst = zero-extended low half of src`.
    pub(super) fn mov32_rr(&mut self, dst: Gpr, src: Gpr) {
        self.alu(Alu::Orr, false, dst, ZERO, src);
    }

    /// `dst = sign-extended low half of src`.
    pub(super) fn sxtw(&mut self, dst: Gpr, src: Gpr) {
        self.bitfield(true, true, (dst, src), 0, 31);
    }

    /// `dst = imm`, by as few instructions as it takes; flags stay as they are.
    pub(super) fn mov_ri(&mut self, dst: Gpr, imm: i64) {
        let imm = imm as u64;
        if self.mov_logical(dst, imm) {
            return;
        }
        let wide = imm >> 32 != 0;
        let parts = if wide { 0..4 } else { 0..2 };
        let part = |number: u8| (imm >> (16 * number)) as u16;
        let count = |filler| parts.clone().filter(|&n| part(n) == filler).count();
        let inverted = wide && count(0xffff) > count(0);
        let filler = if inverted { 0xffff } else { 0 };
        let mut is_first = true;
        for number in parts.clone().filter(|&n| part(n) != filler) {
            match (is_first, inverted) {
                (true, true) => self.movn(wide, dst, !part(number), number),
                (true, false) => self.movz(wide, dst, part(number), number),
                (false, _) => self.movk(wide, dst, part(number), number),
            }
            is_first = false;
        }
        match (is_first, inverted) {
            (true, true) => self.movn(true, dst, 0, 0),
            (true, false) => self.movz(false, dst, 0, 0),
            (false, _) => {}
        }
    }

    /// A constant of more than one piece that a bitwise operation can have.
    fn mov_logical(&mut self, dst: Gpr, imm: u64) -> bool {
        let pieces = (0..4).filter(|n| (imm >> (16 * n)) as u16 != 0).count();
        let holes = (0..4)
            .filter(|n| (imm >> (16 * n)) as u16 != 0xffff)
            .count();
        pieces > 1 && holes > 1 && self.logic(Logic::Orr, true, dst, ZERO, imm)
    }

    /// `dst = imm` by two instructions, for a later [`patch::set_word`].
    pub(super) fn mov_word(&mut self, dst: Gpr, imm: u32) {
        self.movz(false, dst, imm as u16, 0);
        self.movk(false, dst, (imm >> 16) as u16, 1);
    }

    /// `dst = src + imm`; may use `temp`, which is not `src`.
    pub(super) fn add_ri(&mut self, wide: bool, dst: Gpr, src: Gpr, imm: i64, temp: Gpr) {
        let subtract = imm < 0;
        match Imm12::new(imm.unsigned_abs()) {
            Some(imm) => self.add_imm((subtract, false), wide, (dst, src), imm),
            None => {
                self.mov_ri(temp, imm);
                self.alu(Alu::Add, wide, dst, src, temp);
            }
        }
    }

    /// Compares a register with a constant; may use `temp`.
    pub(super) fn cmp_ri(&mut self, reg: Gpr, imm: i64, temp: Gpr) {
        match Imm12::new(imm.unsigned_abs()) {
            // `n - (-imm)` and `n + imm` differ in their carry for 0 only.
            Some(encoded) => self.add_imm((imm >= 0, true), true, (ZERO, reg), encoded),
            None => {
                self.mov_ri(temp, imm);
                self.cmp(true, reg, temp);
            }
        }
    }

    /// Compares two registers.
    pub(super) fn cmp(&mut self, wide: bool, a: Gpr, b: Gpr) {
        self.alu(Alu::Subs, wide, ZERO, a, b);
    }

    /// `dst = [base + disp]`, 64 bits.
    pub(super) fn load(&mut self, dst: Gpr, memory: (Gpr, i32)) {
        self.access(Access::load(AccessSize::Double, false), dst, memory);
    }

    /// `[base + disp] = src`, 64 bits.
    pub(super) fn store(&mut self, memory: (Gpr, i32), src: Gpr) {
        self.access(Access::store(AccessSize::Double), src, memory);
    }

    /// `dst = [base + disp]`, 32 bits, zero-extended.
    pub(super) fn load32(&mut self, dst: Gpr, memory: (Gpr, i32)) {
        self.access(Access::load(AccessSize::Word, false), dst, memory);
    }

    /// `[base + disp] = src`, 32 bits.
    pub(super) fn store32(&mut self, memory: (Gpr, i32), src: Gpr) {
        self.access(Access::store(AccessSize::Word), src, memory);
    }

    /// An access at a distance that [`reaches`].
    fn access(&mut self, access: Access, reg: Gpr, (base, disp): (Gpr, i32)) {
        let word = access.opcode | u32::from(base.0) << 5 | u32::from(reg.0);
        match scaled(disp, access.shift) {
            Some(scaled) => self.word(word | 1 << 24 | scaled << 10),
            None => {
                debug_assert!(reaches(disp, access.shift), "{disp} is out of reach");
                self.word(word | (disp as u32 & 0x1ff) << 12);
            }
        }
    }

    /// `dst = [base + index]`, sign- or zero-extended.
    pub(super) fn load_sum(
        &mut self,
        dst: Gpr,
        (base, index): (Gpr, Gpr),
        size: AccessSize,
        signed: bool,
    ) {
        self.access_sum(Access::load(size, signed), dst, base, index);
    }

    /// `[base + index] = src`.
    pub(super) fn store_sum(&mut self, (base, index): (Gpr, Gpr), src: Gpr, size: AccessSize) {
        self.access_sum(Access::store(size), src, base, index);
    }

    fn access_sum(&mut self, access: Access, reg: Gpr, base: Gpr, index: Gpr) {
        let registers = u32::from(base.0) << 5 | u32::from(reg.0) | u32::from(index.0) << 16;
        self.word(access.opcode | 0x0020_6800 | registers);
    }

    /// A branch if `cc` holds, to a place not known yet.
    pub(super) fn branch_if(&mut self, cc: Cc) -> Patch {
        self.branch_conditionally(patch::CONDITIONAL | cc as u32, 1)
    }

    /// A branch if a register is 0, or is not.
    pub(super) fn branch_zero(&mut self, wide: bool, reg: Gpr, if_zero: bool) -> Patch {
        let wide = u32::from(wide) << 31;
        let zero = u32::from(!if_zero) << 24;
        self.branch_conditionally(patch::COMPARE | wide | zero | u32::from(reg.0), 1 << 24)
    }

    /// `inverse` are the bits in which the branch differs from its opposite.
    fn branch_conditionally(&mut self, word: u32, inverse: u32) -> Patch {
        if !self.is_long {
            return self.branch(word);
        }
        let over = self.branch(word ^ inverse);
        let patch = self.jump();
        self.bind(over);
        patch
    }

    /// A branch to a place not known yet.
    pub(super) fn jump(&mut self) -> Patch {
        self.branch(patch::BRANCH)
    }

    /// A call of a place not known yet.
    pub(super) fn call(&mut self) -> Patch {
        self.branch(patch::CALL)
    }

    fn branch(&mut self, word: u32) -> Patch {
        let patch = Patch(self.here());
        self.word(word);
        patch
    }

    /// Lets a branch lead to the next instruction.
    pub(super) fn bind(&mut self, patch: Patch) {
        let here = self.here();
        self.bind_to(patch, here);
    }

    /// Lets a branch lead to the instruction at offset `target`.
    pub(super) fn bind_to(&mut self, patch: Patch, target: u32) {
        let at = patch.0 as usize;
        let word = self.out.get_u32(at);
        let distance = target.wrapping_sub(patch.0) as i32;
        match patch::aim(word, distance) {
            Some(word) => self.out.set_i32(at, word as i32),
            None => debug_assert!(false, "code is as long as was expected"),
        }
    }
}

/// Whether an access of 1 << `shift` bytes can be at that distance from its base: 12 bits,
/// in units of its size, or 9, signed.
pub(super) const fn reaches(disp: i32, shift: u32) -> bool {
    scaled(disp, shift).is_some() || (disp >= -0x100 && disp < 0x100)
}

/// The distance in units of the size, if it has 12 bits.
const fn scaled(disp: i32, shift: u32) -> Option<u32> {
    let scaled = disp as u32 >> shift;
    if disp >= 0 && scaled << shift == disp as u32 && scaled < 0x1000 {
        Some(scaled)
    } else {
        None
    }
}

/// A load or a store (C4.1.94 "Loads and Stores").
#[derive(Debug, Clone, Copy)]
struct Access {
    opcode: u32,
    /// log2 of the size.
    shift: u32,
}

impl Access {
    const fn new(size: AccessSize, op: u32) -> Self {
        let shift = size as u32;
        Self {
            opcode: 0x3800_0000 | shift << 30 | op << 22,
            shift,
        }
    }

    const fn load(size: AccessSize, signed: bool) -> Self {
        let signed = signed && !matches!(size, AccessSize::Double);
        Self::new(size, if signed { 2 } else { 1 })
    }

    const fn store(size: AccessSize) -> Self {
        Self::new(size, 0)
    }
}
