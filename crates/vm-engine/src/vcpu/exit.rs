//! Why a vCPU's loop ended.

/// Why a vCPU's loop ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum VcpuExit {
    /// Somebody asked the machine to stop.
    Stopped,
    /// The guest asked, through its firmware interface, for a power event.
    Power(vm_core::power::PowerEvent),
    /// The vCPU is about to execute the instruction at a breakpoint. When it runs on, it
    /// does.
    Breakpoint {
        /// The instruction's virtual address.
        pc: u64,
    },
}
