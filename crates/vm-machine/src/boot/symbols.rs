//! The names of the code in an ELF file.

use object::{
    Endianness,
    elf::{FileHeader64, SHF_EXECINSTR, SHT_SYMTAB, STT_FUNC, STT_NOTYPE},
    read::elf::{FileHeader, SectionHeader, Sym},
};

use super::{elf, read::Source};
use crate::{config::MachineConfig, debug::Symbol};

/// The symbols of the kernel's or program's code; none if the file has none, is
/// no ELF file or cannot be read, which whoever boots it reports.
pub(crate) fn code_symbols(config: &MachineConfig) -> Vec<Symbol> {
    let Some(path) = &config.kernel else {
        return Vec::new();
    };
    let source = Source {
        option: "kernel",
        path,
        memory: config.memory,
    };
    match source.read_unpacked() {
        Ok(bytes) if elf::is_elf(&bytes) => parse(&bytes).unwrap_or_default(),
        _ => Vec::new(),
    }
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
