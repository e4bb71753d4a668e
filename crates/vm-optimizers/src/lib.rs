//! What decides how guest code is run, apart from what runs it.
//!
//! Today that is when a block is worth compiling and how much memory its code may take.
//! Profiles of what ran often, the choice among further tiers, and the queue of what
//! other threads are to compile belong here, too, once there is something to choose
//! from. Passes do not: they are about the IR, and lie with it in `vm-cross-arch`.
//!
//! Knows nothing about how code is emitted, and nothing about guests.

mod tier;

pub use tier::{CODE_BYTES, THRESHOLD, TierPolicy};
