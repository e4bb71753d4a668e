//! Cause codes (Privileged 1.13 §3.1.15, table 14) and interrupt bits.

use vm_core::AccessKind;

/// Exception codes.
pub mod exception {
    /// Illegal instruction.
    pub const ILLEGAL: u64 = 2;
    /// Breakpoint.
    pub const BREAKPOINT: u64 = 3;
    /// Load address misaligned.
    pub const LOAD_MISALIGNED: u64 = 4;
    /// Load access fault.
    pub const LOAD_ACCESS: u64 = 5;
    /// Store or AMO address misaligned.
    pub const STORE_MISALIGNED: u64 = 6;
    /// Store or AMO access fault.
    pub const STORE_ACCESS: u64 = 7;
    /// Instruction address misaligned.
    pub const FETCH_MISALIGNED: u64 = 0;
    /// Instruction access fault.
    pub const FETCH_ACCESS: u64 = 1;
    /// Environment call from U-mode; S-mode and M-mode follow by their encoding.
    pub const ECALL_USER: u64 = 8;
    /// Environment call from S-mode.
    pub const ECALL_SUPERVISOR: u64 = 9;
    /// Instruction page fault.
    pub const FETCH_PAGE: u64 = 12;
    /// Load page fault.
    pub const LOAD_PAGE: u64 = 13;
    /// Store or AMO page fault.
    pub const STORE_PAGE: u64 = 15;

    /// The exceptions that can be delegated to S-mode: all that exist but an
    /// environment call from M-mode, as bits of `medeleg`.
    pub const DELEGABLE: u64 = 0xb3ff;
}

/// Interrupt numbers, which are also bit numbers in `mip` and of the lines of
/// a hart's [`VcpuControl`](crate::vcpu::VcpuControl).
pub mod interrupt {
    /// Supervisor software interrupt.
    pub const SSI: u32 = 1;
    /// Machine software interrupt.
    pub const MSI: u32 = 3;
    /// Supervisor timer interrupt.
    pub const STI: u32 = 5;
    /// Machine timer interrupt.
    pub const MTI: u32 = 7;
    /// Supervisor external interrupt.
    pub const SEI: u32 = 9;
    /// Machine external interrupt.
    pub const MEI: u32 = 11;

    /// The supervisor's interrupts, as bits: those that can be delegated.
    pub const SUPERVISOR: u64 = 1 << SSI | 1 << STI | 1 << SEI;
    /// All interrupts, as bits.
    pub const ALL: u64 = SUPERVISOR | 1 << MSI | 1 << MTI | 1 << MEI;
    /// Bit 63 of `mcause` and `scause`.
    pub const FLAG: u64 = 1 << 63;
}

/// The page fault of an access.
pub(super) const fn page_fault(kind: AccessKind) -> u64 {
    match kind {
        AccessKind::Read => exception::LOAD_PAGE,
        AccessKind::Write => exception::STORE_PAGE,
        AccessKind::Execute => exception::FETCH_PAGE,
    }
}

/// The access fault of an access.
pub(super) const fn access_fault(kind: AccessKind) -> u64 {
    match kind {
        AccessKind::Read => exception::LOAD_ACCESS,
        AccessKind::Write => exception::STORE_ACCESS,
        AccessKind::Execute => exception::FETCH_ACCESS,
    }
}

/// The misaligned-address exception of an access.
pub(super) const fn misaligned(kind: AccessKind) -> u64 {
    match kind {
        AccessKind::Read => exception::LOAD_MISALIGNED,
        AccessKind::Write => exception::STORE_MISALIGNED,
        AccessKind::Execute => exception::FETCH_MISALIGNED,
    }
}
