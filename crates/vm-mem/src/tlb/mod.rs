//! Translation look-aside buffers: set-associative levels and the pair of them.
//!
//! A TLB belongs to one vCPU and is used by its thread only.

mod entry;
mod flush;
mod level;
mod policy;
mod space;
mod stats;
mod two_level;

pub use entry::{Fill, Perms, TlbEntry};
pub use flush::Flush;
pub use level::{Level, NoLevel, TlbLevel};
pub use policy::{Lru, PseudoLru, Random, ReplacementPolicy};
pub use space::{Space, SpaceFilter};
pub use stats::{LevelStats, TlbStats};
pub use two_level::{DefaultTlb, Tlb};

#[cfg(test)]
mod tests;
