//! Boot protocols: from files to guest memory and a first instruction.

mod content;
mod elf;
mod error;
mod foreign;
mod gzip;
mod layout;
mod plan;
mod program;
mod protocol;
mod read;
pub(crate) mod riscv64;
mod symbols;

pub use content::Content;
pub use error::BootError;
pub use layout::{Placed, Placement, RamRange, Wanted, place};
pub use plan::{BootPlan, Entry};
pub use program::{Program, Segment, Symbols};
pub(crate) use protocol::{BootProtocol, ResetTarget};
