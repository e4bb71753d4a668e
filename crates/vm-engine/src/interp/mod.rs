//! Tier 0: blocks lowered to micro-ops and interpreted.

mod cold;
mod exec;
mod float;
mod lower;
mod micro;
mod program;

pub(crate) use cold::run_op;
pub use exec::{Fault, Next, run};
pub use lower::lower;
pub use program::{Position, Program};

#[cfg(test)]
mod tests;
