//! Register layout of the PLIC (RISC-V PLIC specification 1.0.0, §3).

/// The largest source number the layout has room for; source 0 means "none".
pub const MAX_SOURCE: u32 = 1023;
/// The most contexts the layout has room for.
pub const MAX_CONTEXTS: usize = 15872;

/// Source priorities, one word each.
pub(super) const PRIORITY: u64 = 0;
/// Pending bits.
pub(super) const PENDING: u64 = 0x1000;
/// Enable bits of context 0.
pub(super) const ENABLE: u64 = 0x2000;
/// Distance from one context's enable bits to the next one's.
pub(super) const ENABLE_STRIDE: u64 = 0x80;
/// Threshold and claim/complete of context 0.
pub(super) const CONTEXT: u64 = 0x20_0000;
/// Distance from one context's registers to the next one's.
pub(super) const CONTEXT_STRIDE: u64 = 0x1000;
/// In a context's registers: priority threshold.
pub(super) const THRESHOLD: u64 = 0;
/// In a context's registers: claim (read) and complete (write).
pub(super) const CLAIM: u64 = 4;

/// Priorities and thresholds are three bits wide, as on QEMU's `virt` board.
pub(super) const PRIORITY_MASK: u32 = 7;
