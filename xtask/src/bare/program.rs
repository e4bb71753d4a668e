//! Programs: statically linked ELF files.

use std::collections::HashMap;

use anyhow::{Context as _, Result};
use vm_loader::Elf;

/// A bare-metal program.
pub struct Program {
    /// Physical address of its first instruction.
    pub entry: u64,
    /// What is loaded where.
    pub segments: Vec<Segment>,
    symbols: HashMap<String, u64>,
}

/// Bytes at a physical address.
pub struct Segment {
    /// The address.
    pub address: u64,
    /// The bytes that the file holds; memory after them is zero.
    pub bytes: Vec<u8>,
}

impl Program {
    /// Parses a 64-bit ELF file.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(file: &[u8]) -> Result<Self> {
        let elf = Elf::parse(file)?;
        let segments = elf.segments()?.into_iter().map(|segment| Segment {
            address: segment.physical,
            bytes: segment.bytes.to_vec(),
        });
        let named = elf
            .symbols()?
            .map(|symbol| (symbol.name.into_owned(), symbol.address));
        Ok(Self {
            entry: elf.entry(),
            segments: segments.collect(),
            symbols: named.collect(),
        })
    }

    /// The address of a symbol.
    ///
    /// # Errors
    /// If the program has no such symbol.
    pub fn symbol(&self, name: &str) -> Result<u64> {
        let found = self.symbols.get(name).copied();
        found.with_context(|| format!("the program has no symbol `{name}`"))
    }
}
