//! What decides how guest code is run: hotness, tier policy.
//!
//! Knows nothing about how code is emitted, and nothing about guests.

mod tier;

pub use tier::{CODE_BYTES, THRESHOLD, TierPolicy};
