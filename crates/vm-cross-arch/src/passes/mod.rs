//! Passes over the IR, in the order they run.
//!
//! One forward walk knows what slots hold, folds constants and fuses pairs; one
//! backward walk then removes the writes that nobody reads. Both keep the
//! IR's rule for ops that may leave the block: every guest slot holds there what
//! the instructions before left in it. What ops and helpers do, their rows and the
//! guest's [`GuestInfo`] say.

mod dead_writes;
mod fuse;
mod narrow;
mod propagate;
mod side_exits;
mod values;

use crate::ir::{Block, GuestInfo};

/// Which passes run: all of them, but where their effect is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passes {
    /// Constant folding and propagation.
    pub constants: bool,
    /// Fusion of pairs.
    pub fusion: bool,
    /// Removal of writes that nobody reads.
    pub dead_writes: bool,
}

impl Passes {
    /// All passes.
    pub const ALL: Self = Self {
        constants: true,
        fusion: true,
        dead_writes: true,
    };

    /// No pass.
    pub const NONE: Self = Self {
        constants: false,
        fusion: false,
        dead_writes: false,
    };
}

/// Runs all passes on a block of `guest`.
pub fn optimize(block: &mut Block, guest: &GuestInfo) {
    run(block, Passes::ALL, guest);
}

/// Runs some of the passes. Debug builds verify the block before and after each.
pub fn run(block: &mut Block, passes: Passes, guest: &GuestInfo) {
    check(block, guest, "lifting");
    if passes.constants || passes.fusion {
        propagate::run(block, passes, guest);
        check(block, guest, "propagation");
    }
    if passes.dead_writes {
        dead_writes::run(block, guest);
        check(block, guest, "removal of dead writes");
    }
}

fn check(block: &Block, guest: &GuestInfo, step: &str) {
    debug_assert_eq!(block.verify(guest), Ok(()), "after {step}:\n{block}");
}

#[cfg(test)]
mod tests;
