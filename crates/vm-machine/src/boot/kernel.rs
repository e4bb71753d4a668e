//! Recognises kernels and firmware.

use super::{
    BootError, Content, Program, elf,
    read::Source,
    riscv64::{ImageHeader, is_image},
};
use crate::board::virt_riscv64::map::RAM_BASE;

/// Where a kernel goes whose header does not say: behind the firmware.
const DEFAULT_TEXT_OFFSET: u64 = 0x20_0000;
/// Bytes from which every format is recognised.
const BEGIN: u64 = 1024;

/// A kernel: an `Image` or an ELF file, either of them perhaps in gzip form.
pub(super) fn read_kernel(source: &Source<'_>, content: Content) -> Result<Program, BootError> {
    let begin = source.begin(&content, BEGIN)?;
    if elf::is_elf(&begin) {
        return elf::parse(source, &source.bytes(content)?);
    }
    if !is_image(&begin) {
        return Err(source.format(foreign_kernel(&begin)));
    }
    let header = ImageHeader::parse(&begin)
        .ok_or_else(|| source.format("the kernel image is cut short within its header"))?;
    if header.big_endian {
        return Err(source.format("the kernel is big-endian: riscv64 machines are little-endian"));
    }
    let addr = match header.text_offset {
        0 => RAM_BASE + DEFAULT_TEXT_OFFSET,
        offset => RAM_BASE.saturating_add(offset),
    };
    let len = header.image_size.max(content.len());
    Ok(Program::flat(addr, content, len))
}

/// A bare-metal program: an ELF file, perhaps in gzip form.
pub(super) fn read_bare_metal(source: &Source<'_>, content: Content) -> Result<Program, BootError> {
    if elf::is_elf(&source.begin(&content, BEGIN)?) {
        return elf::parse(source, &source.bytes(content)?);
    }
    Err(source.format(
        "with --bios none the program must be an ELF file; kernel images need `--bios builtin`",
    ))
}

/// Firmware: an ELF file, or code for the start of RAM.
pub(super) fn read_firmware(source: &Source<'_>, content: Content) -> Result<Program, BootError> {
    if elf::is_elf(&source.begin(&content, BEGIN)?) {
        return elf::parse(source, &source.bytes(content)?);
    }
    let len = content.len();
    Ok(Program::flat(RAM_BASE, content, len))
}

/// What a file that is no kernel for this machine may be.
fn foreign_kernel(bytes: &[u8]) -> &'static str {
    let at = |offset: usize, magic: &[u8]| bytes.get(offset..offset + magic.len()) == Some(magic);
    if at(56, b"ARM\x64") {
        "this is an AArch64 kernel, and the machine is a riscv64"
    } else if at(0x202, b"HdrS") {
        "this is an x86 kernel, and the machine is a riscv64"
    } else if at(0, b"MZ") && at(4, b"zimg") {
        "this is a compressed EFI kernel (vmlinuz.efi): unpack it, or use the plain `Image`"
    } else if at(0, b"\xfd7zXZ") || at(0, b"\x28\xb5\x2f\xfd") || at(0, b"BZh") {
        "the file is compressed: only gzip is unpacked; unpack it first"
    } else {
        "this is neither a RISC-V kernel `Image` nor an ELF file (or it is cut short)"
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{config::ByteSize, files::Files};

    fn read_with(
        reader: fn(&Source<'_>, Content) -> Result<Program, BootError>,
        content: &[u8],
    ) -> Result<Program, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        fs::write(&path, content).unwrap();
        let source = Source {
            option: "kernel",
            path: &path,
            memory: ByteSize::mib(64),
            names: false,
        };
        let content = source.open_unpacked(&mut Files::default()).unwrap();
        reader(&source, content).map_err(|error| error.to_string())
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
        let program = read_with(read_kernel, &image(0x40_0000, 0x1000, 0)).unwrap();
        assert_eq!(program.entry, 0x8040_0000);
        assert_eq!(program.segments[0].len, 0x1000);
        let program = read_with(read_kernel, &image(0, 0, 0)).unwrap();
        assert_eq!(program.entry, 0x8020_0000);
        assert_eq!(program.segments[0].len, 128);
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
            (image(0, 0, 1), "big-endian"),
            (image(0, 0, 0)[..60].to_vec(), "cut short"),
        ] {
            let message = read_with(read_kernel, &bytes).unwrap_err();
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn firmware_may_be_flat_and_programs_may_not() {
        let firmware = read_with(read_firmware, &[0x13; 8]).unwrap();
        assert_eq!(firmware.entry, RAM_BASE);
        let message = read_with(read_bare_metal, &[0x13; 8]).unwrap_err();
        assert!(message.contains("ELF"), "{message}");
    }
}
