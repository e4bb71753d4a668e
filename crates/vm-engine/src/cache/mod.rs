//! Translated blocks: where they are kept and how they become void.
//!
//! Blocks are keyed by physical address, shared by all vCPUs. Stores to a page
//! that holds code are seen by the TLB's slow path, which voids the page's
//! blocks. Stores that bypass it (a device's, or another vCPU's in the moment
//! the page becomes code) are caught where the architecture demands it: an
//! instruction-fetch fence makes every block compare its source bytes with
//! memory before it is entered from the shared cache again.

mod blocks;
mod code;
mod code_pages;
mod jump;
mod jump_flush;

pub use blocks::BlockCache;
pub use code::{Code, MAX_SOURCE};
pub use jump::{JumpCache, JumpKey, Mapping};
pub use jump_flush::JumpFlush;
