//! The symbol table (System V ABI, chapter 4).

use std::borrow::Cow;

use object::{
    Endianness, SectionIndex,
    elf::{SHF_EXECINSTR, SHT_SYMTAB, STT_FUNC, STT_NOTYPE, Sym64},
    read::elf::{FileHeader as _, SectionHeader as _, SectionTable, Sym as _},
};

use crate::{Elf, ElfError};

/// A name for an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol<'a> {
    /// The name; bytes that are no UTF-8 are replaced.
    pub name: Cow<'a, str>,
    /// The virtual address, or whatever number the name stands for.
    pub address: u64,
    /// Bytes that it names, 0 if that is not known.
    pub len: u64,
    /// Whether it names code.
    pub is_code: bool,
}

impl<'a> Elf<'a> {
    /// The symbols, in the file's order: none if there is no table of them. Those whose
    /// names are not in the file are left out.
    ///
    /// # Errors
    /// If the table is damaged. The program may run nevertheless.
    pub fn symbols(&self) -> Result<impl Iterator<Item = Symbol<'a>>, ElfError> {
        let endian = self.endian;
        let sections = self.header.sections(endian, self.bytes)?;
        let table = sections.symbols(endian, self.bytes, SHT_SYMTAB)?;
        Ok(table.iter().filter_map(move |symbol| {
            let name = table.symbol_name(endian, symbol).ok()?;
            Some(Symbol {
                name: String::from_utf8_lossy(name),
                address: symbol.st_value(endian),
                len: symbol.st_size(endian),
                is_code: is_code(&sections, endian, symbol),
            })
        }))
    }
}

/// A function or a label in a section with instructions.
fn is_code(
    sections: &SectionTable<'_, object::elf::FileHeader64<Endianness>>,
    endian: Endianness,
    symbol: &Sym64<Endianness>,
) -> bool {
    let section = sections.section(SectionIndex(symbol.st_shndx(endian).into()));
    let flags = section.map_or(0, |section| section.sh_flags(endian));
    let kind = symbol.st_type();
    (kind == STT_FUNC || kind == STT_NOTYPE) && flags & u64::from(SHF_EXECINSTR) != 0
}
