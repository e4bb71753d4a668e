//! The storage behind the CSRs of one hart.

use super::{counter::Counter, status::Status};

/// The CSRs that are plain storage, but for those in slots
/// ([`csr`](vm_cross_arch::guest::riscv64::regs::csr)). Every field always holds a
/// legal value.
#[derive(Debug, Clone, Default)]
pub(super) struct Registers {
    pub status: Status,
    pub mtvec: u64,
    pub stvec: u64,
    pub medeleg: u64,
    pub mideleg: u64,
    pub mie: u64,
    /// The bits of `mip` that software writes: SEIP and, without Sstc, STIP.
    /// SSIP is kept in the hart's interrupt lines, where other harts reach it.
    pub soft_pending: u64,
    pub mscratch: u64,
    pub mepc: u64,
    pub mcause: u64,
    pub mtval: u64,
    pub menvcfg: u64,
    pub senvcfg: u64,
    pub mcounteren: u64,
    pub scounteren: u64,
    pub satp: u64,
    pub stimecmp: u64,
    /// All eight values; slot `FP_ROUNDING` follows while it is a valid one.
    pub frm: u64,
    pub cycle: Counter,
    pub instret: Counter,
}
