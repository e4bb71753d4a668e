//! The names of the code in an ELF file.

use object::{
    Endianness,
    elf::{FileHeader64, SHF_EXECINSTR, SHT_SYMTAB, STT_FUNC, STT_NOTYPE},
    read::elf::{FileHeader, SectionHeader, Sym},
};

use crate::debug::Symbol;

/// The symbols of the code in an ELF file; none if it has none, or damaged ones.
pub(super) fn code_symbols(bytes: &[u8]) -> Vec<Symbol> {
    parse(bytes).unwrap_or_default()
}

fn parse(bytes: &[u8]) -> Result<Vec<Symbol>, object::read::Error> {
    let header = FileHeader64::<Endianness>::parse(bytes)?;
    let endian = header.endian()?;
    let sections = header.sections(endian, bytes)?;
    let table = sections.symbols(endian, bytes, SHT_SYMTAB)?;
    let is_code = |symbol: &object::elf::Sym64<Endianness>| {
        let section = sections.section(object::SectionIndex(symbol.st_shndx(endian).into()));
        let flags = section.map_or(0, |section| section.sh_flags(endian));
        let kind = symbol.st_type();
        (kind == STT_FUNC || kind == STT_NOTYPE) && flags & u64::from(SHF_EXECINSTR) != 0
    };
    let named = table.iter().filter(|symbol| is_code(symbol));
    let symbols = named.filter_map(|symbol| {
        let name = String::from_utf8_lossy(table.symbol_name(endian, symbol).ok()?);
        // Assemblers' own labels: where code begins and data, and what is local.
        let own = name.is_empty() || name.starts_with('$') || name.starts_with(".L");
        (!own).then(|| Symbol {
            start: symbol.st_value(endian),
            len: symbol.st_size(endian),
            name: name.into(),
        })
    });
    Ok(symbols.collect())
}
