//! The textual form of the IR, for golden files, dumps and tests.
//!
//! One op a line, `dst = name.qualifiers operand, operand`; the terminator
//! last. Slots print as `s0` to `s127` (the guest's), `t0` and up (temporaries)
//! or by name (`pc`, `fpflags`, `fprounding`, `fpdirty`); constants as decimal
//! numbers. What is printed parses back to the same block.

mod names;
mod parse;
mod print;

pub use parse::ParseError;
