//! Which host register does what.

use crate::host::scratch::ScratchRegisters;

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
pub(super) const TLB_BIAS: i32 = 128;

/// What the state register points at, in bytes from slot 0.
pub(super) const STATE_BIAS: i32 = 128;

/// Free for whatever a block needs; dead at block edges.
pub(super) const SCRATCH: [Gpr; 3] = [RAX, RDX, RCX];

/// The scratch registers as a pool.
pub(super) struct Pool;

impl ScratchRegisters<3> for Pool {
    type Register = Gpr;
    const ALL: &'static [Gpr; 3] = &SCRATCH;
}

/// For global registers of the guest, the best first: functions preserve the first four,
/// and the rest pass arguments.
pub(super) const GLOBALS: [Gpr; 10] = [RBX, R12, R13, R14, RDI, RSI, R8, R9, R10, R11];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{guest::riscv64, host::GlobalRegisters};

    #[test]
    fn global_registers_are_none_that_blocks_need() {
        let needed = [STATE, TLB, Gpr(4)].into_iter().chain(SCRATCH);
        for register in needed {
            assert!(!GLOBALS.contains(&register), "{register:?}");
        }
    }

    #[test]
    fn the_stack_pointer_of_risc_v_lives_in_a_register_that_calls_preserve() {
        let globals = GlobalRegisters::new(&riscv64::SHAPE, &GLOBALS);
        assert_eq!(globals.get(riscv64::regs::x(2)), Some(RBX));
        let a5 = globals.iter().last();
        assert_eq!(a5, Some((riscv64::regs::x(15), R11)));
    }
}
