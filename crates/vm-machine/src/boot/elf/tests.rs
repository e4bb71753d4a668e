use std::{fs, path::Path};

use proptest::prelude::*;
use vm_core::GuestArch;

use super::*;
use crate::config::{ByteSize, Setting};

const BASE: u64 = 0x8000_0000;

fn parse_bytes(bytes: &[u8], memory: u64) -> Result<Program, String> {
    let source = Source {
        setting: Setting::Kernel,
        path: Path::new("prog.elf"),
        arch: GuestArch::Riscv64,
        memory: ByteSize(memory),
        names: false,
    };
    parse(&source, bytes, &|_, entry| entry).map_err(|error| error.to_string())
}

fn htif_guest() -> Vec<u8> {
    let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests/tests");
    fs::read(guests.join("htif.elf")).unwrap()
}

/// An ELF file with one segment per `(vaddr, paddr, content, memory size)`.
fn build(entry: u64, segments: &[(u64, u64, &[u8], u64)]) -> Vec<u8> {
    let table = 64;
    let mut content_at = table + 56 * segments.len() as u64;
    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    let half = |n: u16| n.to_le_bytes().to_vec();
    let double = |n: u64| n.to_le_bytes().to_vec();
    let count = segments.len() as u16;
    file.extend([half(2), half(243), vec![1, 0, 0, 0], double(entry)].concat());
    file.extend([double(table), double(0), vec![0; 4], half(64)].concat());
    file.extend([half(56), half(count), half(64), half(0), half(0)].concat());
    for (vaddr, paddr, content, memory) in segments {
        let len = content.len() as u64;
        file.extend([1, 0, 0, 0, 7, 0, 0, 0]);
        for word in [content_at, *vaddr, *paddr, len, *memory, 1] {
            file.extend(double(word));
        }
        content_at += len;
    }
    for (_, _, content, _) in segments {
        file.extend(*content);
    }
    file
}

#[test]
fn segments_go_to_their_physical_addresses() {
    let kernel = 0xffff_ffff_8000_0000;
    let file = build(
        kernel + 2,
        &[
            (kernel, BASE, b"code", 4),
            (kernel + 0x1000, BASE + 0x1000, b"", 64),
        ],
    );
    let program = parse_bytes(&file, 4096).unwrap();
    assert_eq!(program.entry, BASE + 2);
    let segment = |addr, bytes: &[u8], len| Segment {
        addr,
        content: Content::Bytes(bytes.to_vec()),
        len,
    };
    assert_eq!(
        program.segments,
        [segment(BASE, b"code", 4), segment(BASE + 0x1000, b"", 64)]
    );
}

#[test]
fn symbols_are_found() {
    let program = parse_bytes(&htif_guest(), 1 << 20).unwrap();
    let Symbols {
        tohost,
        fromhost,
        begin_signature,
        end_signature,
    } = program.symbols;
    assert_eq!(program.entry, BASE);
    assert_eq!(fromhost.unwrap() - tohost.unwrap(), 64);
    assert_eq!(end_signature.unwrap() - begin_signature.unwrap(), 8);
}

#[test]
fn what_is_wrong_is_said() {
    let good = build(BASE, &[(BASE, BASE, b"code", 4)]);
    assert!(parse_bytes(&good, 4096).is_ok());
    let patched = |at: usize, byte: u8| {
        let mut file = good.clone();
        file[at] = byte;
        file
    };
    let nowhere = build(BASE - 2, &[(BASE, BASE, b"code", 4)]);
    let upside_down = build(BASE, &[(BASE, BASE, b"code", 2)]);
    let huge = build(BASE, &[(BASE, BASE, b"code", 1 << 40)]);
    // Zeros are nowhere in the file, so it does not matter where.
    let mut zeros = build(
        BASE,
        &[(BASE, BASE, b"code", 4), (BASE + 4, BASE + 4, b"", 4)],
    );
    zeros[64 + 56 + 8..64 + 56 + 16].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(parse_bytes(&zeros, 4096).is_ok());
    let padded = [good.clone(), vec![0; 512]].concat();
    assert_eq!(parse_bytes(&padded, 4096), parse_bytes(&good, 4096));
    for (file, part) in [
        (patched(4, 1), "32-bit"),
        (patched(5, 2), "another architecture"),
        (patched(18, 62), "another architecture"),
        (good[..good.len() - 1].to_vec(), "cut short"),
        (good[..70].to_vec(), "cut short"),
        (nowhere, "entry point"),
        (build(BASE, &[]), "entry point"),
        (upside_down, "larger in the file"),
        (huge, "more with memory"),
    ] {
        let message = parse_bytes(&file, 4096).unwrap_err();
        assert!(message.contains(part), "{message}");
        assert!(message.starts_with("kernel prog.elf: "), "{message}");
    }
}

#[test]
fn no_cut_does_harm() {
    let file = htif_guest();
    let whole = parse_bytes(&file, 1 << 20).unwrap();
    for len in 0..file.len() {
        // Behind the segments there are only symbols, which a program can lack.
        if let Ok(program) = parse_bytes(&file[..len], 1 << 20) {
            assert_eq!(program.segments, whole.segments);
        }
    }
}

proptest! {
    #[test]
    fn no_damage_does_harm(changes in prop::collection::vec((0usize..400, any::<u8>()), 1..8)) {
        let mut file = htif_guest();
        for (at, byte) in changes {
            file[at] = byte;
        }
        if let Ok(program) = parse_bytes(&file, 1 << 20) {
            let total: u64 = program.segments.iter().map(|segment| segment.len).sum();
            prop_assert!(total <= 1 << 20);
        }
    }
}
