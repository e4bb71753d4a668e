//! Loading a static ELF file, and the stack that Linux starts it with.

use anyhow::{Result, ensure};
use vm_core::{GuestArch, PAGE_SIZE};
use vm_loader::{Elf, HeaderTable};

use super::memory::{END, Memory};

/// Keys of the auxiliary vector (System V ABI; Linux, `uapi/linux/auxvec.h`).
mod auxiliary {
    pub const END: u64 = 0;
    pub const PROGRAM_HEADERS: u64 = 3;
    pub const PROGRAM_HEADER_BYTES: u64 = 4;
    pub const PROGRAM_HEADER_COUNT: u64 = 5;
    pub const PAGE_BYTES: u64 = 6;
    pub const ENTRY: u64 = 9;
    pub const CAPABILITIES: u64 = 16;
    pub const CLOCK_TICKS: u64 = 17;
    pub const SECURE: u64 = 23;
    pub const RANDOM: u64 = 25;
}

/// The extensions I, M, A, F, D and C as `AT_HWCAP` has them.
const CAPABILITIES: u64 = 0x112d;
const ENVIRONMENT: [&str; 2] = ["PATH=/bin", "LC_ALL=C"];

/// A program that can be loaded again and again.
pub struct Program {
    entry: u64,
    headers: HeaderTable,
    /// Address, content and size in memory.
    segments: Vec<(u64, Vec<u8>, u64)>,
}

impl Program {
    /// Parses an ELF file.
    pub fn parse(file: &[u8]) -> Result<Self> {
        let elf = Elf::parse(file)?;
        ensure!(
            elf.arch() == Some(GuestArch::Riscv64) && elf.is_fixed(),
            "not a RISC-V program that is linked to fixed addresses"
        );
        let segments = elf.segments()?;
        Ok(Self {
            entry: elf.entry(),
            headers: elf.header_table()?,
            segments: segments
                .iter()
                .map(|segment| (segment.address, segment.bytes.to_vec(), segment.len))
                .collect(),
        })
    }

    /// Where its memory ends.
    pub fn end(&self) -> u64 {
        let ends = self
            .segments
            .iter()
            .map(|(address, _, size)| address.saturating_add(*size));
        let end = ends.max().unwrap_or(0);
        end.checked_next_multiple_of(PAGE_SIZE).unwrap_or(u64::MAX)
    }

    /// Has the memory be as at the program's start; returns its entry point and stack
    /// pointer.
    pub fn load(&self, memory: &Memory, arguments: &[String]) -> Result<(u64, u64)> {
        let stack = self.stack(arguments);
        let segments = self.segments.iter().map(|(at, bytes, _)| (*at, bytes));
        let parts: Vec<(u64, &[u8])> = segments
            .chain([(stack.0, &stack.1)])
            .map(|(at, bytes)| (at, bytes.as_slice()))
            .collect();
        for &(at, bytes) in &parts {
            let fits = memory.physical(at, bytes.len() as u64).is_some();
            ensure!(fits, "{at:#x} is not the program's memory");
        }
        memory.restore(&parts)?;
        Ok((self.entry, stack.0))
    }

    /// The stack pointer, and what is above it: the vectors, then strings at the top.
    fn stack(&self, arguments: &[String]) -> (u64, Vec<u8>) {
        let top = END - PAGE_SIZE;
        let mut strings: Vec<u8> = Vec::new();
        // From the top down: the first one ends it.
        let mut put = |text: &str| -> u64 {
            strings.splice(0..0, text.bytes().chain([0]));
            top - strings.len() as u64
        };
        let arguments: Vec<u64> = arguments.iter().map(|text| put(text)).collect();
        let environment: Vec<u64> = ENVIRONMENT.iter().map(|text| put(text)).collect();
        let strings_start = top - strings.len() as u64;
        let random = (strings_start - 16) & !15;
        let mut words = vec![arguments.len() as u64];
        words.extend(arguments.iter().chain(&[0]));
        words.extend(environment.iter().chain(&[0]));
        for (key, value) in [
            (
                auxiliary::PROGRAM_HEADERS,
                self.headers.address.unwrap_or(0),
            ),
            (
                auxiliary::PROGRAM_HEADER_BYTES,
                self.headers.entry_bytes.into(),
            ),
            (auxiliary::PROGRAM_HEADER_COUNT, self.headers.count.into()),
            (auxiliary::PAGE_BYTES, PAGE_SIZE),
            (auxiliary::ENTRY, self.entry),
            (auxiliary::CAPABILITIES, CAPABILITIES),
            (auxiliary::CLOCK_TICKS, 100),
            (auxiliary::SECURE, 0),
            (auxiliary::RANDOM, random),
            (auxiliary::END, 0),
        ] {
            words.extend([key, value]);
        }
        let pointer = (random - 8 * words.len() as u64) & !15;
        let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        bytes.resize((strings_start - pointer) as usize, 0);
        bytes.extend(strings);
        (pointer, bytes)
    }
}
