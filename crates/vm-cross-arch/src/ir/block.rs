//! Blocks and how they end.

use super::{Cond, HelperId, JumpHint, Op, Operand, Slot, description::describe};

/// Guest code with one entry, position-independent: everything that depends on
/// where the block lies is relative to [`fixed::PC`](super::fixed::PC).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The body, in order.
    pub ops: Vec<Op>,
    /// What happens if no [`Op::SideExit`] leaves the block before.
    pub end: Terminator,
    /// Number of guest instructions, the terminator's included.
    pub insns: u16,
    /// Length of the guest code in bytes, to the end of its last instruction;
    /// what its jumps skip counts.
    pub bytes: u16,
}

describe! {
    /// The end of a block. Offsets are in bytes from the block's start.
    pub enum Terminator {
        /// Goes on at `offset`.
        Jump("jump", Effects::NONE) {
            /// Where to.
            offset: i64,
            /// For the return-address predictor.
            hint: JumpHint,
        }
        /// Goes on at `taken` if the condition holds, else at `fallthrough`.
        Branch("branch", Effects::NONE) {
            /// The comparison, on 64 bits.
            cond: Cond,
            /// Its left side.
            a: Operand,
            /// Its right side.
            b: Operand,
            /// Where to if it holds.
            taken: i64,
            /// Where to if not.
            fallthrough: i64,
        }
        /// Goes on at the guest virtual address in `target`.
        JumpIndirect("jumpindirect", Effects::NONE) {
            /// The address, already aligned as the architecture demands.
            target: Operand,
            /// For the return-address predictor.
            hint: JumpHint,
        }
        /// Runs a helper that may raise an exception, change what translation
        /// depends on or jump. Unless it does, the guest goes on at `next`.
        Helper("endhelper", Effects::ANY_HELPER) {
            /// Which.
            helper: HelperId,
            /// Where its result goes; `None` drops it.
            dst: Option<Slot>,
            /// Its arguments.
            args: [Operand; 3],
            /// Where to afterwards.
            next: i64,
        }
    }
}
