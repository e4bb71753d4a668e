//! Passes over the IR, in the order they run.
//!
//! One forward walk knows what slots hold, folds constants and fuses pairs; one
//! backward walk then removes the writes that nobody reads. Both keep the
//! IR's rule for ops that may leave the block: every guest slot holds there what
//! the instructions before left in it.

mod dead_writes;
mod exits;
mod forward;
mod fuse;
mod known;
mod narrow;

use crate::ir::Block;

/// Runs all passes.
pub fn optimize(block: &mut Block) {
    forward::run(block);
    dead_writes::run(block);
}

#[cfg(test)]
mod tests;
