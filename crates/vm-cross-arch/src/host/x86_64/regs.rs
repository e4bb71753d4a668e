//! Which host register does what.

use crate::{
    host::scratch::ScratchRegisters,
    ir::{SLOT_COUNT, Slot},
};

/// A general register, by its number in instruction encodings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Gpr(pub u8);

/// A vector register, by its number in instruction encodings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Xmm(pub u8);

pub(super) const RAX: Gpr = Gpr(0);
pub(super) const RCX: Gpr = Gpr(1);
pub(super) const RDX: Gpr = Gpr(2);
const RBX: Gpr = Gpr(3);
/// The state register. It points 128 bytes into the slots, so that the first
/// 32 of them are within reach of one-byte displacements.
pub(super) const STATE: Gpr = Gpr(5);
const RSI: Gpr = Gpr(6);
const RDI: Gpr = Gpr(7);
const R8: Gpr = Gpr(8);
const R9: Gpr = Gpr(9);
const R10: Gpr = Gpr(10);
const R11: Gpr = Gpr(11);
const R12: Gpr = Gpr(12);
const R13: Gpr = Gpr(13);
const R14: Gpr = Gpr(14);
/// The short TLB of the running address space. It points 128 bytes into it, so
/// that its first entries are within reach of one-byte displacements.
pub(super) const TLB: Gpr = Gpr(15);

/// What the register of the short TLB points at, in bytes from its start.
pub const TLB_BIAS: i32 = 128;

/// What the state register points at, in bytes from slot 0.
pub const STATE_BIAS: i32 = 128;

/// Free for whatever a block needs; dead at block edges.
pub(super) const SCRATCH: [Gpr; 3] = [RAX, RDX, RCX];

/// The scratch registers as a pool.
pub(super) struct Pool;

impl ScratchRegisters<3> for Pool {
    type Register = Gpr;
    const ALL: &'static [Gpr; 3] = &SCRATCH;
}

/// Guest registers that live in host registers.
#[derive(Debug)]
pub struct GlobalRegisters {
    list: &'static [(Slot, Gpr)],
    /// The register of each slot.
    by_slot: [Option<Gpr>; SLOT_COUNT],
    /// Base registers that point to the same page nearly everywhere: all
    /// accesses share an entry of the short TLB.
    steady: &'static [Slot],
}

impl GlobalRegisters {
    /// The RISC-V registers that compressed instructions and calls use most:
    /// `sp`, `ra`, `s0`, `s1` and `a0` to `a5`.
    /// `sp` and `tp` are steady.
    pub const RISCV64: Self = Self::new(
        &[
            (Slot(2), RBX),
            (Slot(8), R12),
            (Slot(9), R13),
            (Slot(1), R14),
            (Slot(10), RDI),
            (Slot(11), RSI),
            (Slot(12), R8),
            (Slot(13), R9),
            (Slot(14), R10),
            (Slot(15), R11),
        ],
        &[Slot(2), Slot(4)],
    );

    const fn new(list: &'static [(Slot, Gpr)], steady: &'static [Slot]) -> Self {
        let mut by_slot = [None; SLOT_COUNT];
        let mut number = 0;
        while number < list.len() {
            let (slot, register) = list[number];
            by_slot[slot.0 as usize] = Some(register);
            number += 1;
        }
        Self {
            list,
            by_slot,
            steady,
        }
    }

    /// The number of the entry that accesses with the base register share.
    pub(super) fn inline_cache(&self, base: Slot) -> Option<u32> {
        let found = self.steady.iter().position(|&slot| slot == base);
        found.map(|number| number as u32)
    }

    /// How many entries base registers have for themselves.
    pub(super) fn inline_caches(&self) -> u32 {
        self.steady.len() as u32
    }

    /// The host register of `slot`.
    #[inline]
    pub(super) fn get(&self, slot: Slot) -> Option<Gpr> {
        self.by_slot[usize::from(slot.0)]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Slot, Gpr)> {
        self.list.iter().copied()
    }
}
