//! Programs for both sides: the harness with records in it.

use std::{collections::HashSet, sync::LazyLock};

use anyhow::{Context as _, Result, bail};
use object::{
    Endianness, Object as _, ObjectSymbol as _,
    read::elf::{ElfFile64, ProgramHeader as _},
};

use super::abi::{PAYLOAD_BYTES, SIGNATURE_WORDS};
use crate::bare::Program;

static HARNESS: &[u8] = include_bytes!("../../../guests/riscv64/fuzz/harness.elf");

/// Offsets of fields in ELF structures (ELF-64 Object File Format).
mod elf {
    pub const EHDR_PHOFF: usize = 32;
    pub const PHDR_BYTES: usize = 56;
    pub const PHDR_OFFSET: usize = 8;
    pub const PHDR_FILESZ: usize = 32;
    pub const PHDR_MEMSZ: usize = 40;
    pub const SYM_BYTES: usize = 24;
    pub const SYM_VALUE: usize = 8;
}

/// The harness, and where in its file the fuzzer has to change it.
pub struct Harness {
    payload_header: usize,
    end_symbol: usize,
    /// Physical address of the signatures.
    pub signature: u64,
    /// Physical addresses of the root page tables of Sv39, Sv48 and Sv57.
    pub roots: [u64; 3],
}

impl Harness {
    /// Examines the harness.
    ///
    /// # Errors
    /// If its file is not what the fuzzer expects.
    pub fn new() -> Result<Self> {
        let elf = ElfFile64::<Endianness>::parse(HARNESS)?;
        let symbol = |name: &str| {
            let found = elf.symbols().find(|s| s.name() == Ok(name));
            found.with_context(|| format!("the harness has no symbol `{name}`"))
        };
        let payload = symbol("payload")?.address();
        let endian = elf.endian();
        let mut headers = elf.elf_program_headers().iter();
        let index = headers.position(|h| h.p_vaddr(endian) == payload);
        let index = index.context("the harness has no segment for its records")?;
        let table = elf.section_by_name(".symtab").context("no symbols")?;
        let (symbols, _) = object::ObjectSection::file_range(&table).context("no symbols")?;
        let end = symbol("end_signature")?.index().0;
        let root = |name| symbol(name).map(|s| s.address());
        Ok(Self {
            payload_header: get(HARNESS, elf::EHDR_PHOFF) as usize + index * elf::PHDR_BYTES,
            end_symbol: symbols as usize + end * elf::SYM_BYTES + elf::SYM_VALUE,
            signature: symbol("begin_signature")?.address(),
            roots: [root("root39")?, root("root48")?, root("root57")?],
        })
    }

    /// The program that runs the records, as an ELF file.
    ///
    /// # Errors
    /// If there are too many.
    pub fn program(&self, records: &[Vec<u8>]) -> Result<Vec<u8>> {
        let mut payload = (records.len() as u64).to_le_bytes().to_vec();
        payload.extend(records.iter().flatten());
        self.with_payload(&payload)
    }

    /// The program with a payload: the number of records, and they.
    ///
    /// # Errors
    /// If it is too large or too small.
    pub fn with_payload(&self, payload: &[u8]) -> Result<Vec<u8>> {
        let bytes = payload.len();
        if !(8..=PAYLOAD_BYTES).contains(&bytes) {
            bail!("records have {bytes} bytes, not 8 to {PAYLOAD_BYTES}");
        }
        let mut file = HARNESS.to_vec();
        file.resize(file.len().next_multiple_of(0x1000), 0);
        let offset = file.len();
        file.extend(payload);
        let header = self.payload_header;
        put(&mut file, header + elf::PHDR_OFFSET, offset as u64);
        put(&mut file, header + elf::PHDR_FILESZ, bytes as u64);
        put(&mut file, header + elf::PHDR_MEMSZ, bytes as u64);
        let signatures = get(payload, 0).saturating_mul(SIGNATURE_WORDS as u64 * 8);
        let end = self.signature.saturating_add(signatures);
        put(&mut file, self.end_symbol, end);
        Ok(file)
    }
}

/// The payload of a program.
///
/// # Errors
/// If it has none.
pub fn payload(file: &[u8]) -> Result<Vec<u8>> {
    let program = Program::parse(file)?;
    let address = program.symbol("payload")?;
    let mut segments = program.segments.into_iter();
    let segment = segments.find(|segment| segment.address == address);
    Ok(segment.context("the program has no records")?.bytes)
}

/// Whether code is the harness's own, judged by its start.
pub fn is_harness(code: &[u8]) -> bool {
    /// Every one and two words of the harness.
    static STARTS: LazyLock<HashSet<&[u8]>> = LazyLock::new(|| {
        let windows = [4, 8].map(|bytes| HARNESS.windows(bytes).step_by(4));
        windows.into_iter().flatten().collect()
    });
    STARTS.contains(&code[..code.len().min(8)])
}

fn get(file: &[u8], offset: usize) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&file[offset..offset + 8]);
    u64::from_le_bytes(bytes)
}

fn put(file: &mut [u8], offset: usize, value: u64) {
    file[offset..offset + 8].copy_from_slice(&value.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_become_a_segment() {
        let harness = Harness::new().unwrap();
        let file = harness.program(&[vec![7; 16], vec![8; 8]]).unwrap();
        let program = Program::parse(&file).unwrap();
        let bytes = payload(&file).unwrap();
        assert_eq!(bytes[..8], 2u64.to_le_bytes());
        assert_eq!(bytes[8..], [vec![7; 16], vec![8; 8]].concat());
        let end = program.symbol("end_signature").unwrap();
        assert_eq!(end, harness.signature + 2 * 8 * SIGNATURE_WORDS as u64);
    }

    #[test]
    fn too_many_records_are_refused() {
        let harness = Harness::new().unwrap();
        assert!(harness.program(&[vec![0; PAYLOAD_BYTES]]).is_err());
    }
}
