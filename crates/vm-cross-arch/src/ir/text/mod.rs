//! The textual form of the IR, for golden files, dumps and tests.
//!
//! One op a line, `dst = name.qualifiers operand, operand`; the terminator
//! last. Slots print as `s0` to `s127` (the guest's), `t0` and up (temporaries)
//! or by name (`pc`, `fpflags`, `fprounding`, `fpdirty`); constants as decimal
//! numbers. What is printed parses back to the same block.
//!
//! How an op's line is made of its fields, its row says.

mod line;
mod listing;
mod names;
mod operand;

pub(super) use line::{Line, Text, Words};
pub use listing::ParseError;
pub(super) use names::Named;
