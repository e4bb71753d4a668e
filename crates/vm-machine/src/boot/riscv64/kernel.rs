//! Recognises kernels and firmware.
//!
//! What starts where is QEMU's choice, which software for its board is made for.

use super::image::{ImageHeader, is_image};
use crate::{
    boot::{BootError, Content, Program, elf, foreign, read::Source},
    config::Setting,
};

/// Kernels go to the first multiple of this behind the firmware.
const KERNEL_ALIGN: u64 = 0x20_0000;
/// Bytes from which every format is recognised.
const BEGIN: u64 = 0x9000;

/// A kernel: an `Image`, an ELF file or else code without any header; each of them perhaps
/// in gzip form. RAM starts at `ram`; where code and headers leave the place open, kernels go
/// behind `firmware_end`.
pub(super) fn read_kernel(
    source: &Source<'_>,
    content: Content,
    ram: u64,
    firmware_end: Option<u64>,
) -> Result<Program, BootError> {
    let begin = source.begin(&content, BEGIN)?;
    if elf::is_elf(&begin) {
        return elf::parse(source, &source.bytes(content)?, &kernel_start);
    }
    let default = firmware_end
        .unwrap_or(ram)
        .max(ram + 1)
        .checked_next_multiple_of(KERNEL_ALIGN)
        // Such an end is outside of RAM, and is found there.
        .unwrap_or(u64::MAX);
    if !is_image(&begin) {
        return read_code(source, content, &begin, default);
    }
    let header = image_header(source, &begin)?;
    let addr = match header.text_offset {
        0 => default,
        offset => ram.saturating_add(offset),
    };
    let len = header.image_size.max(content.len());
    Ok(Program::flat(addr, content, len))
}

/// A bare-metal program: an ELF file, an `Image` for M-mode or else code without any header,
/// for the start of RAM; perhaps in gzip form.
pub(super) fn read_bare_metal(
    source: &Source<'_>,
    content: Content,
    ram: u64,
) -> Result<Program, BootError> {
    let begin = source.begin(&content, BEGIN)?;
    if elf::is_elf(&begin) {
        let start = |program: &Program, entry| bare_metal_start(program, entry, ram);
        return elf::parse(source, &source.bytes(content)?, &start);
    }
    if !is_image(&begin) {
        return read_code(source, content, &begin, ram);
    }
    let header = image_header(source, &begin)?;
    if header.text_offset != 0 {
        // Room for the firmware: kernels for M-mode leave none.
        return Err(source.format(format!(
            "this kernel image runs in S-mode, on firmware: leave `{} none` out, or use a \
             kernel that was built for M-mode",
            Setting::Bios
        )));
    }
    let len = header.image_size.max(content.len());
    Ok(Program::flat(ram, content, len))
}

fn image_header(source: &Source<'_>, begin: &[u8]) -> Result<ImageHeader, BootError> {
    let header = ImageHeader::parse(begin)
        .ok_or_else(|| source.format("the kernel image is cut short within its header"))?;
    if header.big_endian {
        return Err(source.format("the kernel is big-endian: riscv64 machines are little-endian"));
    }
    Ok(header)
}

/// Code without any header, which starts with its first byte.
fn read_code(
    source: &Source<'_>,
    content: Content,
    begin: &[u8],
    addr: u64,
) -> Result<Program, BootError> {
    if let Some(what) = foreign::recognise(begin, source.arch) {
        return Err(source.format(what));
    }
    if let Some(what) = no_instruction(begin) {
        return Err(source.format(what));
    }
    let len = content.len();
    Ok(Program::flat(addr, content, len))
}

/// Why the file does not begin with an instruction, if it does not.
fn no_instruction(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        // Both are illegal by definition (Unprivileged, "Expanded Instruction-Length Encoding").
        [0, 0, ..] | [0xff, 0xff, ..] => Some(
            "this is neither a RISC-V kernel `Image` nor an ELF file nor code: it begins with \
             an illegal instruction",
        ),
        [] | [_] => Some("the file is shorter than an instruction"),
        _ => None,
    }
}

/// Firmware starts a kernel at its lowest address, not at the entry point of its ELF file,
/// which may be for other boot loaders.
fn kernel_start(program: &Program, entry: Option<u64>) -> Option<u64> {
    let lowest = program.segments.iter().map(|segment| segment.addr).min();
    lowest.filter(|&addr| program.is_code(addr)).or(entry)
}

/// The reset vector leads to the start of RAM, whatever the entry point is. Programs
/// for HTIF are made for Spike, which does look at that.
fn bare_metal_start(program: &Program, entry: Option<u64>, ram: u64) -> Option<u64> {
    let for_spike = program.symbols.tohost.is_some();
    if !for_spike && program.is_code(ram) {
        return Some(ram);
    }
    entry
}

/// Firmware: an ELF file, or code for the start of RAM.
pub(super) fn read_firmware(
    source: &Source<'_>,
    content: Content,
    ram: u64,
) -> Result<Program, BootError> {
    let begin = source.begin(&content, BEGIN)?;
    if elf::is_elf(&begin) {
        return elf::parse(source, &source.bytes(content)?, &|_, entry| entry);
    }
    read_code(source, content, &begin, ram)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use vm_core::GuestArch;

    use super::*;
    use crate::{config::ByteSize, files::Files};

    const RAM_BASE: u64 = 0x8000_0000;

    fn read_with(
        reader: fn(&Source<'_>, Content) -> Result<Program, BootError>,
        content: &[u8],
    ) -> Result<Program, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        fs::write(&path, content).unwrap();
        let source = Source {
            setting: Setting::Kernel,
            path: &path,
            arch: GuestArch::Riscv64,
            memory: ByteSize::mib(64),
            names: false,
        };
        let content = source.open_unpacked(&mut Files::default()).unwrap();
        reader(&source, content).map_err(|error| error.to_string())
    }

    fn kernel(source: &Source<'_>, content: Content) -> Result<Program, BootError> {
        read_kernel(source, content, RAM_BASE, None)
    }

    fn behind_large_firmware(source: &Source<'_>, content: Content) -> Result<Program, BootError> {
        read_kernel(source, content, RAM_BASE, Some(RAM_BASE + 0x20_0001))
    }

    fn firmware(source: &Source<'_>, content: Content) -> Result<Program, BootError> {
        read_firmware(source, content, RAM_BASE)
    }

    fn bare_metal(source: &Source<'_>, content: Content) -> Result<Program, BootError> {
        read_bare_metal(source, content, RAM_BASE)
    }

    fn image(text_offset: u64, image_size: u64, flags: u64) -> Vec<u8> {
        let mut bytes = vec![0; 128];
        bytes[8..16].copy_from_slice(&text_offset.to_le_bytes());
        bytes[16..24].copy_from_slice(&image_size.to_le_bytes());
        bytes[24..32].copy_from_slice(&flags.to_le_bytes());
        bytes[56..60].copy_from_slice(b"RSC\x05");
        bytes
    }

    #[test]
    fn images_go_where_they_ask() {
        let program = read_with(kernel, &image(0x40_0000, 0x1000, 0)).unwrap();
        assert_eq!(program.entry, 0x8040_0000);
        assert_eq!(program.segments[0].len, 0x1000);
        let program = read_with(kernel, &image(0, 0, 0)).unwrap();
        assert_eq!(program.entry, 0x8020_0000);
        assert_eq!(program.segments[0].len, 128);
    }

    #[test]
    fn what_begins_with_no_instruction_is_no_code() {
        for (file, part) in [
            (&[0; 64][..], "illegal"),
            (&[0xff; 64], "illegal"),
            (b"\x13", "shorter"),
        ] {
            let what = no_instruction(file).unwrap();
            assert!(what.contains(part), "{what}");
        }
        assert_eq!(no_instruction(&[0x13, 0]), None);
    }

    #[test]
    fn foreign_kernels_are_recognised() {
        let mut arm = vec![0; 64];
        arm[56..60].copy_from_slice(b"ARM\x64");
        let mut x86 = vec![0; 0x300];
        x86[0x202..0x206].copy_from_slice(b"HdrS");
        for (bytes, part) in [
            (arm, "AArch64"),
            (x86, "x86"),
            (b"MZ\0\0zimg".to_vec(), "vmlinuz.efi"),
            (b"\x28\xb5\x2f\xfd....".to_vec(), "gzip"),
            (b"#!/bin/sh\n".to_vec(), "neither"),
            (b"\xff\xd8\xff\xe0....".to_vec(), "picture"),
            (image(0, 0, 1), "big-endian"),
            (image(0, 0, 0)[..60].to_vec(), "cut short"),
        ] {
            let message = read_with(kernel, &bytes).unwrap_err();
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn code_without_a_header_goes_where_the_board_starts_it() {
        let code = [0x13; 8];
        for (reader, addr) in [
            (firmware as fn(&Source<'_>, Content) -> _, RAM_BASE),
            (bare_metal, RAM_BASE),
            (kernel, 0x8020_0000),
            (behind_large_firmware, 0x8040_0000),
        ] {
            let program = read_with(reader, &code).unwrap();
            assert_eq!((program.entry, program.segments[0].addr), (addr, addr));
            assert_eq!(program.segments[0].len, 8);
            let message = read_with(reader, b"console=ttyS0").unwrap_err();
            assert!(message.contains("text file"), "{message}");
        }
    }

    #[test]
    fn images_without_firmware_are_for_machine_mode() {
        let program = read_with(bare_metal, &image(0, 0x1000, 0)).unwrap();
        assert_eq!((program.entry, program.segments[0].len), (RAM_BASE, 0x1000));
        let message = read_with(bare_metal, &image(0x20_0000, 0, 0)).unwrap_err();
        assert!(message.contains("`bios none`"), "{message}");
    }

    /// A program of two segments.
    fn program(first: (u64, &[u8]), second: u64, tohost: Option<u64>) -> Program {
        let mut program = Program::flat(first.0, Content::Bytes(first.1.to_vec()), 64);
        let second = Program::flat(second, Content::Bytes(vec![0x13; 4]), 64);
        program.segments.extend(second.segments);
        program.symbols.tohost = tohost;
        program
    }

    #[test]
    fn elf_files_start_where_qemu_starts_them() {
        let (low, high) = (0x8020_0000, 0x8020_1000);
        let entry = Some(high + 4);
        let code = program((high, &[0x13; 4]), low, None);
        assert_eq!(kernel_start(&code, entry), Some(low));
        assert_eq!(kernel_start(&code, None), Some(low));
        let headers = program((low, b"\x7fELF"), high, None);
        assert_eq!(kernel_start(&headers, entry), entry);

        let bare_metal_start =
            |program: &Program, entry| super::bare_metal_start(program, entry, RAM_BASE);
        let bare = |tohost| program((RAM_BASE, &[0x13; 4]), high, tohost);
        assert_eq!(bare_metal_start(&bare(None), entry), Some(RAM_BASE));
        assert_eq!(bare_metal_start(&bare(None), None), Some(RAM_BASE));
        assert_eq!(bare_metal_start(&bare(Some(high)), entry), entry);
        assert_eq!(bare_metal_start(&code, entry), entry, "not at the start");
    }
}
