//! Branches and constants that are changed where they are already.
//!
//! A conditional branch reaches 1 MiB, every other 128 MiB. What is further away is
//! reached by way of a [veneer].

use super::{
    asm::Asm,
    encode::Alu,
    regs::{ADDEND, Gpr, STUB},
};

/// `B`.
pub(super) const BRANCH: u32 = 0x1400_0000;
/// `BL`.
pub(super) const CALL: u32 = 0x9400_0000;
/// `B.cond`, to which the condition is added.
pub(super) const CONDITIONAL: u32 = 0x5400_0000;
/// `CBZ`, `CBNZ` with bit 24; 64-bit with bit 31.
pub(super) const COMPARE: u32 = 0x3400_0000;

/// Bytes of an instruction.
pub(super) const INSN: usize = 4;
/// Bytes of the constant that [`Asm::mov_word`] writes.
pub(super) const WORD: usize = 2 * INSN;
/// Bytes of a veneer.
pub(super) const VENEER: usize = 6 * INSN;

/// Where in an instruction the distance is that it branches over, in instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    bits: u32,
    shift: u32,
}

impl Field {
    /// That of conditional branches, and of those that look at a register.
    pub(super) const NEAR: Self = Self { bits: 19, shift: 5 };
    const FAR: Self = Self { bits: 26, shift: 0 };

    /// That of an instruction; none if it is not a branch.
    const fn of(word: u32) -> Option<Self> {
        match word {
            _ if word & 0x7c00_0000 == BRANCH => Some(Self::FAR),
            _ if word & 0xff00_0010 == CONDITIONAL => Some(Self::NEAR),
            _ if word & 0x7e00_0000 == COMPARE => Some(Self::NEAR),
            _ => None,
        }
    }

    /// How far that is at most, either way, in bytes.
    pub(super) const fn reach(self) -> u32 {
        (1 << (self.bits + 1)) - INSN as u32
    }

    const fn aim(self, word: u32, distance: i32) -> Option<u32> {
        if distance & 3 != 0 || distance.unsigned_abs() > self.reach() {
            return None;
        }
        let mask = (1 << self.bits) - 1;
        let field = (distance >> 2) as u32 & mask;
        Some(word & !(mask << self.shift) | field << self.shift)
    }
}

/// A branch that leads `distance` bytes from its start; none if it does not reach that,
/// or is no branch.
pub(super) fn aim(word: u32, distance: i32) -> Option<u32> {
    Field::of(word)?.aim(word, distance)
}

/// How far the branch at the start of `code` leads at most, in bytes.
pub(super) fn reach(code: &[u8]) -> u32 {
    Field::of(get(code)).map_or(0, Field::reach)
}

/// Lets the branch at the start of `code` lead `distance` bytes from there.
pub(super) fn lead(code: &mut [u8], distance: i32) {
    let aimed = aim(get(code), distance);
    debug_assert!(aimed.is_some(), "{distance} is out of reach");
    if let Some(word) = aimed {
        put(code, &[word]);
    }
}

/// Writes a branch to what is `distance` bytes from the start of `code`.
pub(super) fn jump(code: &mut [u8], distance: i32) {
    put(code, &[BRANCH]);
    lead(code, distance);
}

/// Replaces the constant of the instructions that [`Asm::mov_word`] has written.
pub(super) fn set_word(code: &mut [u8], value: u32) {
    let part = |word: u32, value: u32| word & !(0xffff << 5) | (value & 0xffff) << 5;
    let low = part(get(code), value);
    let high = part(get(code.get(INSN..).unwrap_or_default()), value >> 16);
    put(code, &[low, high]);
}

/// Writes a veneer, a jump to what is `distance` bytes from the start of `code`. The
/// registers that it changes have nothing that an exit or a call of a stub needs.
pub(super) fn veneer(code: &mut [u8], distance: i32) {
    let (here, far) = (STUB[1], ADDEND);
    let mut asm = Asm::with_capacity(VENEER);
    asm.address_of_here(here);
    asm.mov_word(far, distance as u32);
    asm.sxtw(far, far);
    asm.alu(Alu::Add, true, far, far, here);
    asm.jump_register(far);
    let made = asm.out.finish();
    for (to, from) in code.iter_mut().zip(made) {
        *to = from;
    }
}

fn get(code: &[u8]) -> u32 {
    code.first_chunk()
        .map_or(0, |word| u32::from_le_bytes(*word))
}

fn put(code: &mut [u8], words: &[u32]) {
    for (to, word) in code.chunks_exact_mut(INSN).zip(words) {
        to.copy_from_slice(&word.to_le_bytes());
    }
}

impl Asm {
    /// `dst =` address of this instruction.
    fn address_of_here(&mut self, dst: Gpr) {
        self.word(0x1000_0000 | u32::from(dst.0));
    }

    /// Goes on at the address in a register.
    pub(super) fn jump_register(&mut self, target: Gpr) {
        self.word(0xd61f_0000 | u32::from(target.0) << 5);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_keep_what_they_are_and_reach_what_the_manual_says() {
        for (word, reach) in [
            (BRANCH, 128 << 20),
            (CALL, 128 << 20),
            (CONDITIONAL | 0xb, 1 << 20),
            (COMPARE | 1 << 31 | 1 << 24 | 17, 1 << 20),
        ] {
            let furthest = reach - 4;
            assert_eq!(super::reach(&word.to_le_bytes()), furthest as u32);
            for distance in [0, 4, -4, furthest, -furthest] {
                let mut code = word.to_le_bytes();
                lead(&mut code, distance);
                let (bits, shift) = if reach == 1 << 20 { (19, 5) } else { (26, 0) };
                let field = u32::from_le_bytes(code) >> shift << (32 - bits);
                assert_eq!((field as i32 >> (32 - bits)) * 4, distance);
                lead(&mut code, 0);
                assert_eq!(code, word.to_le_bytes());
            }
            assert_eq!(aim(word, furthest + 4), None);
            assert_eq!(aim(word, 2), None);
        }
        assert_eq!(aim(0xd503_201f, 4), None, "a NOP is no branch");
    }

    #[test]
    fn a_constant_is_replaced_and_its_register_stays() {
        let written = |value| {
            let mut asm = Asm::with_capacity(WORD);
            asm.mov_word(Gpr(17), value);
            asm.out.finish()
        };
        let mut code = written(0);
        for value in [u32::MAX, 0x1234_5678, 0] {
            set_word(&mut code, value);
            assert_eq!(code, written(value));
        }
    }
}
