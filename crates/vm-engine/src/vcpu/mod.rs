//! Virtual CPUs: their state, the loop that runs them, and how other threads
//! reach them.

mod breakpoints;
mod control;
mod core;
mod exit;
mod machine;
mod request;
mod run;
mod serve;
mod stats;
mod tiered;
mod traits;
mod translated;
mod watch;

pub use self::core::Core;
pub use control::{VcpuControl, exit_request};
pub use exit::VcpuExit;
pub use machine::MachineShared;
pub use request::{Completion, VcpuRequest};
pub use run::TranslatedVcpu;
pub(crate) use serve::{carry_out, serve};
pub use stats::{Calls, Tier0Stats, Tier1Stats, VcpuStats};
pub use tiered::Engine;
pub use traits::{Observed, Vcpu};
