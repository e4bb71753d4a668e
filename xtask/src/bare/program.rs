//! Programs: statically linked ELF files.

use std::collections::HashMap;

use anyhow::{Context as _, Result};
use object::{
    Endianness, Object as _, ObjectSymbol as _,
    read::elf::{ElfFile64, ProgramHeader as _},
};

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
    /// Parses a 64-bit little-endian ELF file.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(file: &[u8]) -> Result<Self> {
        let elf = ElfFile64::<Endianness>::parse(file).context("not a 64-bit ELF file")?;
        let endian = elf.endian();
        let mut segments = Vec::new();
        for header in elf.elf_program_headers() {
            if header.p_type(endian) != object::elf::PT_LOAD {
                continue;
            }
            let bytes = header.data(endian, file);
            let bytes = bytes.map_err(|()| anyhow::anyhow!("a segment is not in the file"))?;
            segments.push(Segment {
                address: header.p_paddr(endian),
                bytes: bytes.to_vec(),
            });
        }
        let named = |symbol: object::read::elf::ElfSymbol64<'_, '_>| {
            Some((symbol.name().ok()?.to_owned(), symbol.address()))
        };
        Ok(Self {
            entry: elf.entry(),
            segments,
            symbols: elf.symbols().filter_map(named).collect(),
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
