//! How a machine ends.

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
