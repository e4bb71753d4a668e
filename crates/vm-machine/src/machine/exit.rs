//! How a machine ends, and why it stops.

/// How a machine ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExitStatus {
    /// The guest switched the machine off.
    PowerOff {
        /// What the guest reported: 0 for success.
        status: u32,
    },
    /// The guest asked for a reset, and the machine was told not to do that.
    Reset,
    /// The guest reported that it crashed.
    Panic,
    /// Somebody stopped the machine from outside.
    Stopped,
}

/// Why a machine stopped that may run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StopReason {
    /// It has come to its end.
    Ended(ExitStatus),
    /// Somebody has paused it.
    Paused,
    /// A vCPU is about to execute the instruction at a breakpoint. When the machine runs
    /// on, it does.
    Breakpoint {
        /// The vCPU's index.
        vcpu: usize,
        /// The instruction's virtual address.
        pc: u64,
    },
}
