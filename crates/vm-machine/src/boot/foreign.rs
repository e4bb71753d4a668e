//! Files that are certainly no code for the machine, though code has no mark.

use vm_core::GuestArch;

use crate::config::Setting;

/// A mark, where it is, and what a file with it is; settings are in braces.
type Signature = (usize, &'static [u8], &'static str);

const COMPRESSED: &str = "the file is compressed: only gzip is unpacked; unpack it first";
const PICTURE: &str = "this is a picture";
const ARCHIVE: &str = "this is an archive or a package: unpack it, and name the kernel in it";
const DISK: &str =
    "this is a disk image: `{disk}` takes those, and a kernel starts from `{kernel}`";

/// Kernels, by their architecture and its name for people.
const KERNELS: &[(usize, &[u8], GuestArch, &str)] = &[
    (56, b"RSC\x05", GuestArch::Riscv64, "a RISC-V"),
    (56, b"ARM\x64", GuestArch::Aarch64, "an AArch64"),
    (0x202, b"HdrS", GuestArch::X86_64, "an x86"),
];

const SIGNATURES: &[Signature] = &[
    (
        4,
        b"zimg",
        "this is a compressed EFI kernel (vmlinuz.efi): unpack it, or use the plain `Image`",
    ),
    (
        0,
        b"MZ",
        "this is an EFI or Windows program and no kernel `Image`",
    ),
    (
        0,
        b"\x27\x05\x19\x56",
        "this is U-Boot's uImage: use the kernel `Image` that it was made from",
    ),
    (
        0,
        b"\xd0\x0d\xfe\xed",
        "this is a device tree or U-Boot's FIT image: use the kernel `Image` itself",
    ),
    (
        0,
        b"070701",
        "this is an initial RAM disk: give it with `{initrd}`",
    ),
    (0, b"\xfd7zXZ", COMPRESSED),
    (0, b"\x28\xb5\x2f\xfd", COMPRESSED),
    (0, b"BZh", COMPRESSED),
    (0, b"\x04\x22\x4d\x18", COMPRESSED),
    (0, b"\x02\x21\x4c\x18", COMPRESSED),
    (0, b"\x5d\0\0", COMPRESSED),
    (0, b"\xff\xd8\xff", PICTURE),
    (0, b"\x89PNG", PICTURE),
    (0, b"GIF8", PICTURE),
    (0, b"%PDF", "this is a document"),
    (0, b"PK\x03\x04", ARCHIVE),
    (0, b"7z\xbc\xaf", ARCHIVE),
    (0, b"!<arch>", ARCHIVE),
    (257, b"ustar", ARCHIVE),
    (0, b"QFI\xfb", DISK),
    (0, b"hsqs", DISK),
    (0x438, b"\x53\xef", DISK),
    (512, b"EFI PART", DISK),
    (0x8001, b"CD001", DISK),
];

/// Text of this length, from the file's start, is not code.
const TEXT: usize = 128;

/// What the file is, if it cannot be code for a machine of architecture `arch`.
pub(super) fn recognise(bytes: &[u8], arch: GuestArch) -> Option<String> {
    let has = |at: usize, mark: &[u8]| bytes.get(at..).is_some_and(|rest| rest.starts_with(mark));
    let kernel = KERNELS
        .iter()
        .find(|(at, mark, of, _)| *of != arch && has(*at, mark));
    if let Some((.., name)) = kernel {
        return Some(format!(
            "this is {name} kernel, and the machine is a {arch}"
        ));
    }
    let signature = SIGNATURES.iter().find(|(at, mark, _)| has(*at, mark));
    if let Some((_, _, what)) = signature {
        return Some(name_settings(what));
    }
    let text = !bytes.is_empty() && is_text(bytes);
    text.then(|| {
        "this is a text file and neither a kernel `Image` nor an ELF file nor code".to_owned()
    })
}

/// The text with the names of the settings that it speaks of.
fn name_settings(what: &str) -> String {
    let settings = [Setting::Disk, Setting::Kernel, Setting::Initrd];
    settings.iter().fold(what.to_owned(), |text, setting| {
        let place = format!("{{{}}}", setting.key());
        text.replace(&place, &setting.to_string())
    })
}

/// Whether the bytes begin as text in UTF-8: code has control characters, or bytes that are
/// no character at all.
fn is_text(bytes: &[u8]) -> bool {
    let begin = bytes.get(..TEXT).unwrap_or(bytes);
    let valid = match str::from_utf8(begin) {
        Ok(_) => begin.len(),
        // The rest of its last character is behind it.
        Err(error) if error.error_len().is_none() && begin.len() < bytes.len() => {
            error.valid_up_to()
        }
        Err(_) => return false,
    };
    let printable = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r');
    let text = begin.get(..valid).map(str::from_utf8);
    matches!(text, Some(Ok(text)) if text.chars().all(printable))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RISCV: GuestArch = GuestArch::Riscv64;

    #[test]
    fn code_is_not_taken_for_anything_else() {
        // j 0x40; U-Boot and many kernels begin so.
        let mut code = 0x0400_006fu32.to_le_bytes().to_vec();
        assert_eq!(recognise(&code, RISCV), None);
        code.extend((0..0x1_0000u32).flat_map(|n| (n << 7 | 0x13).to_le_bytes()));
        assert_eq!(recognise(&code, RISCV), None);
        // c.addi4spn a0, sp, 64 and so on are letters, but not all code is.
        assert_eq!(recognise(b"\x97\x02\0\0letters and letters", RISCV), None);
    }

    #[test]
    fn marks_are_found_where_they_are() {
        for &(at, mark, what) in SIGNATURES {
            let mut file = vec![0x13; at];
            file.extend(mark);
            assert!(recognise(&file, RISCV).is_some(), "{what}");
            file.extend([0x13; 16]);
            let found = recognise(&file, RISCV);
            // Where two marks overlap, the one that tells more comes first.
            assert!(found == Some(name_settings(what)), "{found:?} for {what}");
        }
    }

    #[test]
    fn text_is_not_code() {
        for file in [b"#!/bin/sh\necho\n".as_slice(), b"console=ttyS0"] {
            let what = recognise(file, RISCV).unwrap();
            assert!(what.contains("text"), "{what}");
        }
    }

    #[test]
    fn text_of_any_language_is_not_code_wherever_it_is_cut() {
        let sentences = [
            "# Trine – a machine\n",
            "\u{feff}Zeile für Zeile\n",
            "機械\n",
            "🦀\n",
        ];
        for sentence in sentences {
            for shift in 0..4 {
                let file = " ".repeat(shift) + &sentence.repeat(TEXT);
                assert!(recognise(file.as_bytes(), RISCV).is_some(), "{file}");
            }
            assert!(recognise(sentence.as_bytes(), RISCV).is_some());
        }
    }

    #[test]
    fn what_is_no_valid_text_is_code() {
        let letters = "ä".repeat(TEXT);
        let codes: [&[u8]; 6] = [
            b"\0",
            b"\x1b",
            b"\x7f",
            // A control character of two bytes.
            b"\xc2\x80",
            // Latin-1, and half a surrogate pair.
            b"\xe4",
            b"\xed\xa0\x80",
        ];
        for code in codes {
            let file = [code, letters.as_bytes()].concat();
            assert_eq!(recognise(&file, RISCV), None, "{code:x?}");
            let file = [letters.get(..32).unwrap().as_bytes(), code, b"letters"].concat();
            assert_eq!(recognise(&file, RISCV), None, "{code:x?}");
        }
        // Here no cut excuses the half of a character.
        assert_eq!(recognise(b"letters\xc3", RISCV), None);
    }

    #[test]
    fn kernels_of_other_architectures_are_named() {
        for &(at, mark, arch, name) in KERNELS {
            let mut file = vec![0x13; at];
            file.extend(mark);
            for machine in GuestArch::ALL {
                let found = recognise(&file, machine);
                assert_eq!(found.is_some(), machine != arch, "{found:?}");
                let names_both =
                    |what: String| what.contains(name) && what.contains(machine.name());
                assert!(found.is_none_or(names_both));
            }
        }
    }
}
