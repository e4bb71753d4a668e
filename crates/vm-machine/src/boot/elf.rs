//! Programs in ELF files.

use std::fmt::Write as _;

use vm_loader::{Elf, ElfError};

use super::{
    Content,
    program::{Program, Segment, Symbols},
    read::Source,
    symbols::code_symbols,
};
use crate::boot::BootError;

/// Whether the file is an ELF file.
pub(super) fn is_elf(bytes: &[u8]) -> bool {
    Elf::recognises(bytes)
}

/// Where a program starts, by its parts and by its entry point if that is in one of them.
type Start<'a> = &'a dyn Fn(&Program, Option<u64>) -> Option<u64>;

/// The program in an ELF file.
pub(super) fn parse(
    source: &Source<'_>,
    bytes: &[u8],
    start: Start<'_>,
) -> Result<Program, BootError> {
    let arch = source.arch;
    let elf = Elf::parse(bytes).map_err(|error| match error {
        ElfError::Class32 => source.format(format!(
            "this is a 32-bit ELF file: a {arch} machine needs a program of 64 bits"
        )),
        error => source.format(error.to_string()),
    })?;
    if elf.arch() != Some(arch) {
        let mut cause = "this ELF file is for another architecture".to_owned();
        if let Some(other) = elf.arch() {
            // Writing to a string does not fail.
            let _ = write!(cause, ", {other}");
        }
        let _ = write!(cause, ": a {arch} machine needs a program for {arch}");
        return Err(source.format(cause));
    }
    let mut program = Program {
        symbols: symbols(&elf),
        ..Program::default()
    };
    let segments = elf
        .segments()
        .map_err(|error| source.format(error.to_string()))?;
    let entry = segments
        .iter()
        .find_map(|segment| segment.physical_of(elf.entry()));
    let mut total = 0u64;
    for segment in segments {
        // Segments may share file bytes: without a bound, a small file could take any amount.
        total = total.saturating_add(segment.len);
        if total > source.memory.0 {
            return Err(source.too_large(total));
        }
        program.segments.push(Segment {
            addr: segment.physical,
            content: Content::Bytes(segment.bytes.to_vec()),
            len: segment.len,
        });
    }
    program.entry = start(&program, entry).ok_or_else(|| {
        source.format(
            "the ELF file's entry point is in none of its loadable segments: link a complete \
             program",
        )
    })?;
    if source.names {
        program.code = code_symbols(&elf);
    }
    Ok(program)
}

/// The symbols that mean something to the host. A program without symbols,
/// or with damaged ones, still runs.
fn symbols(elf: &Elf<'_>) -> Symbols {
    let mut found = Symbols::default();
    for symbol in elf.symbols().into_iter().flatten() {
        let value = Some(symbol.address);
        match &*symbol.name {
            "tohost" => found.tohost = value,
            "fromhost" => found.fromhost = value,
            "begin_signature" => found.begin_signature = value,
            "end_signature" => found.end_signature = value,
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests;
