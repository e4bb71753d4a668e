//! Translated blocks: where they are kept and how they are invalidated.
//!
//! Blocks are keyed by physical address, shared by all vCPUs. Stores to a page
//! that holds code are seen by the TLB's slow path, which invalidates the blocks that
//! came from the same 64-byte lines. Stores that bypass it (another vCPU's in
//! the moment the page becomes code) are caught where the architecture demands
//! it: an instruction-fetch fence makes every block compare its source bytes
//! with memory before it is entered from the shared cache again.

mod blocks;
mod code;
mod jump;
mod jump_flush;
mod lines;
mod page;

pub use blocks::{BlockCache, Stored, Ticket};
pub use code::{Code, MAX_SOURCE, Origin};
pub use jump::{JumpCache, JumpKey, Mapping};
pub use jump_flush::JumpFlush;
