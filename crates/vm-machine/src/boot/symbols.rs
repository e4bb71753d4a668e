//! The names of the code in an ELF file.

use vm_loader::Elf;

use crate::debug::Symbol;

/// The symbols of the code in an ELF file; none if it has none, or damaged ones.
pub(super) fn code_symbols(elf: &Elf<'_>) -> Vec<Symbol> {
    let symbols = elf.symbols().into_iter().flatten();
    let named = symbols.filter(|symbol| symbol.is_code && !is_local(&symbol.name));
    named
        .map(|symbol| Symbol {
            start: symbol.address,
            len: symbol.len,
            name: (&*symbol.name).into(),
        })
        .collect()
}

/// Whether the label is an assembler's own: where code begins and data, and what is local.
fn is_local(name: &str) -> bool {
    name.is_empty() || name.starts_with('$') || name.starts_with(".L")
}
