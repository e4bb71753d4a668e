//! Passes over the IR, in the order they run.
//!
//! One forward walk knows what slots hold, folds constants and fuses pairs; one
//! backward walk then removes the writes that nobody reads. Both keep the
//! IR's rule for ops that may leave the block: every guest slot holds there what
//! the instructions before left in it.

mod dead_writes;
mod fuse;
mod narrow;
mod propagate;
mod side_exits;
mod values;

use crate::ir::Block;

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

/// Runs all passes.
pub fn optimize(block: &mut Block) {
    run(block, Passes::ALL);
}

/// Runs some of the passes.
pub fn run(block: &mut Block, passes: Passes) {
    if passes.constants || passes.fusion {
        propagate::run(block, passes);
    }
    if passes.dead_writes {
        dead_writes::run(block);
    }
}

#[cfg(test)]
mod tests;
