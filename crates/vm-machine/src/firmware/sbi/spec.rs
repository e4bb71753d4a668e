//! Numbers of the RISC-V Supervisor Binary Interface Specification 2.0.

/// Extension numbers (a7).
pub(super) mod extension {
    pub(in super::super) const LEGACY_SET_TIMER: u64 = 0x00;
    pub(in super::super) const LEGACY_PUTCHAR: u64 = 0x01;
    pub(in super::super) const LEGACY_GETCHAR: u64 = 0x02;
    pub(in super::super) const LEGACY_CLEAR_IPI: u64 = 0x03;
    pub(in super::super) const LEGACY_SEND_IPI: u64 = 0x04;
    pub(in super::super) const LEGACY_FENCE_I: u64 = 0x05;
    pub(in super::super) const LEGACY_SFENCE: u64 = 0x06;
    pub(in super::super) const LEGACY_SFENCE_ASID: u64 = 0x07;
    pub(in super::super) const LEGACY_SHUTDOWN: u64 = 0x08;
    pub(in super::super) const BASE: u64 = 0x10;
    /// "TIME"
    pub(in super::super) const TIME: u64 = 0x5449_4d45;
    /// "sPI": supervisor inter-processor interrupts.
    pub(in super::super) const IPI: u64 = 0x0073_5049;
    /// "RFNC"
    pub(in super::super) const RFENCE: u64 = 0x5246_4e43;
    /// "HSM": hart state management.
    pub(in super::super) const HSM: u64 = 0x0048_534d;
    /// "SRST": system reset.
    pub(in super::super) const SRST: u64 = 0x5352_5354;
    /// "DBCN": debug console.
    pub(in super::super) const DBCN: u64 = 0x4442_434e;

    /// Every extension that is served.
    pub(in super::super) const SERVED: [u64; 16] = [
        LEGACY_SET_TIMER,
        LEGACY_PUTCHAR,
        LEGACY_GETCHAR,
        LEGACY_CLEAR_IPI,
        LEGACY_SEND_IPI,
        LEGACY_FENCE_I,
        LEGACY_SFENCE,
        LEGACY_SFENCE_ASID,
        LEGACY_SHUTDOWN,
        BASE,
        TIME,
        IPI,
        RFENCE,
        HSM,
        SRST,
        DBCN,
    ];
}

/// Errors (§3, table 1), without those that nothing here returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i64)]
pub(super) enum SbiError {
    /// The call failed for reasons of its own.
    Failed = -1,
    /// There is no such extension or function.
    NotSupported = -2,
    /// A parameter has a value that it cannot have.
    InvalidParam = -3,
    /// An address is not in memory that the supervisor may use.
    InvalidAddress = -5,
    /// The hart has been started already.
    AlreadyAvailable = -6,
}

/// The specification's version: major in bits 30:24, minor below (§4.1).
pub(super) const SPEC_VERSION: u64 = 2 << 24;
/// Not one of the assigned numbers (§4.9): "TRIN".
pub(super) const IMPLEMENTATION_ID: u64 = 0x5452_494e;
/// This implementation's own version.
pub(super) const IMPLEMENTATION_VERSION: u64 = 1;
