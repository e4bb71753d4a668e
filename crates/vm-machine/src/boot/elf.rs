//! ELF programs for RISC-V 64.

use object::{
    Endianness,
    elf::{EM_RISCV, FileHeader64, PT_LOAD},
    read::elf::{FileHeader, ProgramHeader, Sym},
};

use super::{
    Content,
    program::{Program, Segment, Symbols},
    read::Source,
    symbols::code_symbols,
};
use crate::boot::BootError;

type Header = FileHeader64<Endianness>;

/// Whether the file is an ELF file.
pub(super) fn is_elf(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x7fELF")
}

/// Where a program starts, by its parts and by its entry point if that is in one of them.
type Start<'a> = &'a dyn Fn(&Program, Option<u64>) -> Option<u64>;

/// The program in an ELF file.
pub(super) fn parse(
    source: &Source<'_>,
    bytes: &[u8],
    start: Start<'_>,
) -> Result<Program, BootError> {
    let mut program = parse_file(bytes, source.memory.0, start).map_err(|fault| match fault {
        Fault::Damaged(cause) => {
            source.format(format!("the ELF file is damaged or cut short: {cause}"))
        }
        Fault::Unfit(cause) => source.format(cause),
        Fault::TooLarge(needed) => source.too_large(needed),
    })?;
    if source.names {
        program.code = code_symbols(bytes);
    }
    Ok(program)
}

enum Fault {
    Damaged(String),
    Unfit(&'static str),
    TooLarge(u64),
}

impl From<object::read::Error> for Fault {
    fn from(error: object::read::Error) -> Self {
        Self::Damaged(error.to_string())
    }
}

fn parse_file(bytes: &[u8], memory: u64, start: Start<'_>) -> Result<Program, Fault> {
    // EI_CLASS: the reader below takes ELFCLASS64 only.
    if bytes.get(4) == Some(&1) {
        return Err(Fault::Unfit(
            "this is a 32-bit ELF file: build the program for rv64",
        ));
    }
    let header = Header::parse(bytes)?;
    let endian = header.endian()?;
    if endian != Endianness::Little || header.e_machine(endian) != EM_RISCV {
        return Err(Fault::Unfit(
            "this ELF file is for another architecture: a riscv64 machine needs a RISC-V program",
        ));
    }
    let mut program = Program {
        symbols: symbols(header, endian, bytes),
        ..Program::default()
    };
    let virtual_entry = header.e_entry(endian);
    let mut entry = None;
    let mut total = 0u64;
    for load in header.program_headers(endian, bytes)? {
        if load.p_type(endian) != PT_LOAD || load.p_memsz(endian) == 0 {
            continue;
        }
        let segment = segment(load, endian, bytes)?;
        // Segments may share file bytes: without a bound, a small file could take any amount.
        total = total.saturating_add(segment.len);
        if total > memory {
            return Err(Fault::TooLarge(total));
        }
        let offset = virtual_entry.wrapping_sub(load.p_vaddr(endian));
        if entry.is_none() && offset < segment.len {
            entry = Some(segment.addr.wrapping_add(offset));
        }
        program.segments.push(segment);
    }
    program.entry = start(&program, entry).ok_or(Fault::Unfit(
        "the ELF file's entry point is in none of its loadable segments: link a complete program",
    ))?;
    Ok(program)
}

fn segment(
    load: &object::elf::ProgramHeader64<Endianness>,
    endian: Endianness,
    bytes: &[u8],
) -> Result<Segment, Fault> {
    let content = match load.p_filesz(endian) {
        // Where zeros are in the file means nothing, and may be anywhere.
        0 => &[],
        _ => load
            .data(endian, bytes)
            .map_err(|()| Fault::Damaged("a segment lies behind the end of the file".to_owned()))?,
    };
    let len = load.p_memsz(endian);
    if content.len() as u64 > len {
        return Err(Fault::Damaged(
            "a segment is larger in the file than in memory".to_owned(),
        ));
    }
    Ok(Segment {
        addr: load.p_paddr(endian),
        content: Content::Bytes(content.to_vec()),
        len,
    })
}

/// The symbols that mean something to the host. A program without symbols,
/// or with damaged ones, still runs.
fn symbols(header: &Header, endian: Endianness, bytes: &[u8]) -> Symbols {
    let mut found = Symbols::default();
    let Ok(sections) = header.sections(endian, bytes) else {
        return found;
    };
    let Ok(table) = sections.symbols(endian, bytes, object::elf::SHT_SYMTAB) else {
        return found;
    };
    for symbol in table.iter() {
        let value = Some(symbol.st_value(endian));
        match table.symbol_name(endian, symbol) {
            Ok(b"tohost") => found.tohost = value,
            Ok(b"fromhost") => found.fromhost = value,
            Ok(b"begin_signature") => found.begin_signature = value,
            Ok(b"end_signature") => found.end_signature = value,
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests;
