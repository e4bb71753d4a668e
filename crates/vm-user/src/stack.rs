//! The stack that Linux starts a program with (System V ABI; Linux, `fs/binfmt_elf.c`).

use anyhow::{Context as _, Result};
use vm_core::PAGE_SIZE;

use crate::{arch, memory::END, program::Program};

/// Keys of the auxiliary vector (Linux, `uapi/linux/auxvec.h`).
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

const ENVIRONMENT: [&str; 2] = ["PATH=/bin", "LC_ALL=C"];
/// Bytes that arguments and all may take, as the mappings end below them.
const MAX_BYTES: usize = 1 << 20;

/// The stack pointer, and what is above it: the vectors, then strings at the top.
///
/// # Errors
/// If the arguments are too long.
pub fn at_start(program: &Program, arguments: &[String]) -> Result<(u64, Vec<u8>)> {
    let lengths = arguments.iter().map(|argument| argument.len() + 16);
    let fits = lengths.sum::<usize>() < MAX_BYTES;
    fits.then_some(()).context("the arguments are too long")?;
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
    let headers = program.headers;
    for (key, value) in [
        (auxiliary::PROGRAM_HEADERS, headers.address.unwrap_or(0)),
        (auxiliary::PROGRAM_HEADER_BYTES, headers.entry_bytes.into()),
        (auxiliary::PROGRAM_HEADER_COUNT, headers.count.into()),
        (auxiliary::PAGE_BYTES, PAGE_SIZE),
        (auxiliary::ENTRY, program.entry),
        (auxiliary::CAPABILITIES, arch::CAPABILITIES),
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
    Ok((pointer, bytes))
}
