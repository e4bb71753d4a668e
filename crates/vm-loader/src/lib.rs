//! Reads program files: what they put into memory, where, and under which names.
//!
//! Files are not trusted: nothing that one says can do more than make it be refused, and
//! nothing is copied, so that a small file cannot take much memory. Whoever copies adds
//! up the sizes first.
//!
//! Knows the ELF format. Of architectures it only says which one a file names: whether
//! that is the right one, where physical memory is and what an option was called, the
//! caller knows.

mod dynamic;
mod elf;
mod error;
mod symbols;

#[cfg(test)]
mod tests;

pub use elf::{Elf, HeaderTable, Segment};
pub use error::ElfError;
pub use symbols::Symbol;
