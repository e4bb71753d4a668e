//! Units that change code.

use super::{
    asm::*,
    layout::{self, PAGE},
    registers::{self, EXEC_BASE, MIXED, SCRATCH, STACK, WRITE_BASE},
    units::{Units, call_indirect, jump},
};
use crate::fuzz::{
    operands::Displacement,
    rng::Rng,
    sequence::{To, Unit},
    special::{addi as addi_fixed, auipc},
};

impl Units<'_> {
    /// Changes a function's first instruction and calls it.
    pub(super) fn patch_callee(&mut self) -> Unit {
        let callee = *self.rng.pick(self.callees);
        let [t, u, _] = SCRATCH;
        let (high, low) = split(callee);
        let mut code = self.load_patch();
        code.extend([lui(u, high), add(u, u, WRITE_BASE), addi(u, u, low)]);
        match self.rng.below(5) {
            0 => code.extend([sh(t, u, 0), srli(t, t, 16), sh(t, u, 2)]),
            1 => code.extend([srli(t, t, 16), sh(t, u, 2)]),
            // AMOSWAP.W.
            2 => code.push(0x0800_202f | t << 20 | u << 15),
            _ => code.push(sw(t, u, 0)),
        }
        // Without it, a hart's own stores count from the next block on, and an
        // indirect jump ends a block.
        if self.rng.chance(60) {
            code.push(FENCE_I);
        }
        // Often enough to be compiled before it changes again.
        for _ in 0..=self.rng.below(3) {
            code.extend(call_indirect(registers::LINKS[0], callee));
        }
        Unit::of(code)
    }

    /// Writes a function beside the data of the mixed page, and calls it.
    pub(super) fn write_function(&mut self) -> Unit {
        // Where random stores do not reach.
        let distance = 0x310 + 16 * self.rng.below(14) as i32;
        let callee = (layout::MIXED * PAGE + 3 * PAGE / 4) as i32 + distance;
        let [t, u, v] = SCRATCH;
        let mut code = self.load_patch();
        code.extend(li(u, jalr(0, registers::LINKS[0], 0) as i32));
        // Sometimes a store before it makes a page without code of the page.
        code.extend([
            andi(v, self.any(), 1),
            Displacement::B.set(branch(1, v, 0), 8),
        ]);
        code.push(sw(u, MIXED, distance));
        code.extend([sw(t, MIXED, distance), sw(u, MIXED, distance + 4)]);
        if self.rng.chance(40) {
            code.push(FENCE_I);
        }
        for _ in 0..=self.rng.below(3) {
            code.extend(call_indirect(registers::LINKS[0], callee));
        }
        Unit::of(code)
    }

    /// Loads what an instruction is to become, which may be another each time.
    fn load_patch(&mut self) -> Vec<u32> {
        let [t, u, _] = SCRATCH;
        if self.rng.chance(50) {
            return li(t, patch(self.rng) as i32).to_vec();
        }
        let register = self.free();
        let mut code = li(t, addi(register, register, 8) as i32).to_vec();
        code.extend([andi(u, self.any(), 7), slli(u, u, 20), add(t, t, u)]);
        code
    }

    /// Changes the next instruction.
    pub(super) fn patch_here(&mut self) -> [Unit; 2] {
        let [t, u, v] = SCRATCH;
        let mut code = self.load_patch();
        let start = code.len();
        code.extend([sub(u, WRITE_BASE, EXEC_BASE), auipc(v), add(u, u, v)]);
        code.extend([addi_fixed(u), sw(t, u, 0), FENCE_I]);
        let unit = jump(code, start + 3, start + 1, Displacement::I, To::Over(0));
        let register = self.free();
        [unit, Unit::one(addi(register, register, 1))]
    }
}

/// What a function's first instruction may become.
pub fn patch(rng: &mut Rng) -> u32 {
    let register = 10 + rng.below(8) as u32;
    let imm = rng.below(64) as i32 - 32;
    match rng.below(12) {
        // C.ADDI, twice.
        0 | 1 => (0x0005 | register << 7) * 0x1_0001,
        2 => jalr(0, registers::LINKS[0], 0),
        3 => 0xffff_ffff,
        4 => ECALL,
        5 => xor(register, register, STACK),
        _ => addi(register, register, imm),
    }
}
