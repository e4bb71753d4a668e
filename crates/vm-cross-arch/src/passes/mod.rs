//! Passes over the IR, in the order they run.
//!
//! One forward walk knows what slots hold, folds constants and fuses pairs; one
//! backward walk then removes the writes that nobody reads. Both keep the
//! IR's exception rule: at an op that may fault, every guest slot holds what
//! the instructions before it left there.

mod dead_writes;
mod forward;
mod fuse;
mod known;

use crate::ir::Block;

/// Runs all passes.
pub fn optimize(block: &mut Block) {
    forward::run(block);
    dead_writes::run(block);
}

#[cfg(test)]
mod tests;
