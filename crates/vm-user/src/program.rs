//! A static program from an ELF file.

use anyhow::{Result, ensure};
use vm_core::PAGE_SIZE;
use vm_loader::{Elf, HeaderTable};

use crate::{arch, memory::Memory};

/// A program that can be loaded again and again.
pub struct Program {
    /// The address of its first instruction.
    pub entry: u64,
    /// Where its program headers are in memory.
    pub headers: HeaderTable,
    segments: Vec<Segment>,
}

struct Segment {
    address: u64,
    bytes: Vec<u8>,
    /// Bytes of memory: zeros follow.
    len: u64,
}

impl Program {
    /// Parses an ELF file.
    pub fn parse(file: &[u8]) -> Result<Self> {
        let elf = Elf::parse(file)?;
        ensure!(
            elf.arch() == Some(arch::ARCH) && elf.is_fixed(),
            "not a program for {} that is linked to fixed addresses",
            arch::ARCH
        );
        let segments = elf.segments()?.into_iter().map(|segment| Segment {
            address: segment.address,
            bytes: segment.bytes.to_vec(),
            len: segment.len,
        });
        Ok(Self {
            entry: elf.entry(),
            headers: elf.header_table()?,
            segments: segments.collect(),
        })
    }

    /// Where its memory ends.
    pub fn end(&self) -> u64 {
        let ends = self
            .segments
            .iter()
            .map(|segment| segment.address.saturating_add(segment.len));
        let end = ends.max().unwrap_or(0);
        end.checked_next_multiple_of(PAGE_SIZE).unwrap_or(u64::MAX)
    }

    /// Has the memory be as at the program's start, with those bytes at the stack's
    /// address.
    pub fn load(&self, memory: &Memory, stack: (u64, &[u8])) -> Result<()> {
        for Segment { address, len, .. } in &self.segments {
            let fits = memory.physical(*address, *len).is_some();
            ensure!(
                fits,
                "{len:#x} bytes at {address:#x} are not the program's memory"
            );
        }
        let segments = self.segments.iter();
        let parts = segments.map(|segment| (segment.address, segment.bytes.as_slice()));
        memory.restore(&parts.chain([stack]).collect::<Vec<_>>())
    }
}
