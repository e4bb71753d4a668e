//! Boot protocols: from files to guest memory and a first instruction.

mod content;
mod elf;
mod error;
mod foreign;
mod gzip;
mod kernel;
mod layout;
mod plan;
mod program;
mod read;
pub mod riscv64;
mod symbols;

pub use content::Content;
pub use error::BootError;
pub use layout::{Placed, Placement, RamRange, Wanted, place};
pub use plan::{BootPlan, Entry};
pub use program::{Program, Segment, Symbols};
