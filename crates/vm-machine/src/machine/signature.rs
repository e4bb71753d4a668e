//! The signature of a test program: what it left between two symbols, as the
//! RISC-V architecture tests compare it.

use std::fmt::Write as _;

use vm_core::GuestPhysAddr;
use vm_mem::GuestRam;

use crate::{boot::Symbols, config::Setting, error::MachineError, files::OutputFile};

/// More than any test leaves; a damaged symbol table must not fill the disk.
const MAX_LEN: u64 = 16 << 20;

/// Writes the signature to `file`: one word of 4 bytes on each line, in
/// hexadecimal, most significant digit first.
pub(super) fn write(
    file: &mut OutputFile,
    symbols: &Symbols,
    ram: &GuestRam,
) -> Result<(), MachineError> {
    let text = format(symbols, ram).map_err(|cause| MachineError::Signature {
        path: file.path().to_owned(),
        cause,
    })?;
    Ok(file.replace(text.as_bytes())?)
}

fn format(symbols: &Symbols, ram: &GuestRam) -> Result<String, String> {
    let (Some(begin), Some(end)) = (symbols.begin_signature, symbols.end_signature) else {
        return Err(format!(
            "the program has no symbols `begin_signature` and `end_signature`: \
             build it with them, or leave {} out",
            Setting::Signature
        ));
    };
    let len = end.checked_sub(begin).filter(|len| *len <= MAX_LEN);
    let len = len.ok_or_else(|| {
        format!("the program's signature from {begin:#x} to {end:#x} has no sensible length")
    })?;
    let mut bytes = vec![0; len as usize];
    ram.read(GuestPhysAddr(begin), &mut bytes)
        .map_err(|error| format!("the program's signature is not in RAM: {error}"))?;
    let mut text = String::new();
    for word in bytes.chunks(4) {
        let value = word
            .iter()
            .rev()
            .fold(0u32, |value, byte| value << 8 | u32::from(*byte));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{value:08x}");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: u64 = 0x8000_0000;

    fn symbols(begin: u64, end: u64) -> Symbols {
        Symbols {
            begin_signature: Some(begin),
            end_signature: Some(end),
            ..Symbols::default()
        }
    }

    #[test]
    fn one_word_a_line() {
        let ram = GuestRam::new(&[(GuestPhysAddr(BASE), 0x1000)]).unwrap();
        ram.write(GuestPhysAddr(BASE + 8), &[0x78, 0x56, 0x34, 0x12, 0xff])
            .unwrap();
        let text = format(&symbols(BASE + 8, BASE + 16), &ram).unwrap();
        assert_eq!(text, "12345678\n000000ff\n");
    }

    #[test]
    fn impossible_signatures_are_refused() {
        let ram = GuestRam::new(&[(GuestPhysAddr(BASE), 0x1000)]).unwrap();
        for (symbols, part) in [
            (Symbols::default(), "begin_signature"),
            (symbols(BASE + 8, BASE), "length"),
            (symbols(0, u64::MAX), "length"),
            (symbols(0, 8), "not in RAM"),
        ] {
            let message = format(&symbols, &ram).unwrap_err();
            assert!(message.contains(part), "{message}");
        }
    }
}
