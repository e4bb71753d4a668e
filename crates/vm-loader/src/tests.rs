use std::{fs, path::Path};

use proptest::prelude::*;
use vm_core::GuestArch;

use super::*;

const BASE: u64 = 0x8000_0000;
/// Where the fields of the header and of the first program header are.
const MACHINE: usize = 18;
const HEADERS: usize = 64;
const P_OFFSET: usize = HEADERS + 8;
const P_VADDR: usize = HEADERS + 16;

fn htif_guest() -> Vec<u8> {
    let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests/tests");
    fs::read(guests.join("htif.elf")).unwrap()
}

/// An ELF file with one segment per `(vaddr, paddr, content, memory size)`.
fn build(entry: u64, segments: &[(u64, u64, &[u8], u64)]) -> Vec<u8> {
    let table = HEADERS as u64;
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

fn segments(bytes: &[u8]) -> Result<Vec<Segment<'_>>, ElfError> {
    Elf::parse(bytes)?.segments()
}

fn put(file: &mut [u8], at: usize, value: u64) {
    file[at..at + 8].copy_from_slice(&value.to_le_bytes());
}

#[test]
fn segments_have_virtual_and_physical_addresses() {
    let kernel = 0xffff_ffff_8000_0000;
    let parts: [(u64, u64, &[u8], u64); 3] = [
        (kernel, BASE, b"code", 4),
        (kernel + 0x800, BASE + 0x800, b"", 0),
        (kernel + 0x1000, BASE + 0x1000, b"d", 64),
    ];
    let file = build(kernel + 2, &parts);
    let elf = Elf::parse(&file).unwrap();
    assert_eq!(elf.entry(), kernel + 2);
    assert!(elf.is_fixed());
    let found = elf.segments().unwrap();
    let expected = |at: usize| Segment {
        address: parts[at].0,
        physical: parts[at].1,
        bytes: parts[at].2,
        len: parts[at].3,
    };
    assert_eq!(found, [expected(0), expected(2)], "nothing takes no memory");
    assert_eq!(found[0].physical_of(elf.entry()), Some(BASE + 2));
    assert_eq!(found[0].physical_of(kernel + 4), None);
    assert_eq!(found[0].physical_of(kernel - 1), None);
    assert_eq!(found[1].physical_of(kernel + 0x103f), Some(BASE + 0x103f));
}

#[test]
fn the_architecture_is_reported() {
    let mut file = build(BASE, &[(BASE, BASE, b"code", 4)]);
    let mut arch = |low: u8, high: u8| {
        (file[MACHINE], file[MACHINE + 1]) = (low, high);
        Elf::parse(&file).unwrap().arch()
    };
    assert_eq!(arch(243, 0), Some(GuestArch::Riscv64));
    assert_eq!(arch(183, 0), Some(GuestArch::Aarch64));
    assert_eq!(arch(62, 0), Some(GuestArch::X86_64));
    assert_eq!(arch(40, 0), None);
    // The same, big-endian: EI_DATA.
    file[5] = 2;
    (file[MACHINE], file[MACHINE + 1]) = (0, 183);
    assert_eq!(Elf::parse(&file).unwrap().arch(), None);
}

#[test]
fn what_is_wrong_is_said() {
    type Change = fn(&mut Vec<u8>);
    let good = build(BASE, &[(BASE, BASE, b"code", 4)]);
    let changed = |change: Change| {
        let mut file = good.clone();
        change(&mut file);
        segments(&file).map(|found| found.len())
    };
    assert_eq!(changed(|_| {}), Ok(1));
    assert_eq!(changed(|file| file.truncate(3)), Err(ElfError::NoElf));
    assert_eq!(changed(|file| file[0] = 0), Err(ElfError::NoElf));
    assert_eq!(changed(|file| file[4] = 1), Err(ElfError::Class32));
    let damages: [(Change, &str); 7] = [
        (|file| file.truncate(10), "damaged or cut short"),
        (|file| file.truncate(70), "damaged or cut short"),
        (|file| file[4] = 3, "damaged or cut short"),
        (
            |file| file.truncate(file.len() - 1),
            "behind the end of the file",
        ),
        (
            |file| put(file, P_OFFSET, u64::MAX),
            "behind the end of the file",
        ),
        (|file| put(file, HEADERS + 40, 3), "larger in the file"),
        (
            |file| put(file, P_VADDR, u64::MAX - 2),
            "end of the address space",
        ),
    ];
    for (damage, part) in damages {
        let message = changed(damage).unwrap_err().to_string();
        assert!(message.contains(part), "{message}: {part}");
    }
    // The very last byte of the address space is one.
    assert_eq!(changed(|file| put(file, P_VADDR, u64::MAX - 3)), Ok(1));
}

#[test]
fn huge_and_overlapping_segments_take_nothing() {
    let file = build(
        BASE,
        &[
            (BASE, BASE, b"code", 1 << 62),
            (BASE, BASE, b"more", 1 << 62),
            (BASE + 2, BASE + 2, b"", 1 << 62),
        ],
    );
    let found = segments(&file).unwrap();
    assert!(found.iter().all(|segment| segment.len == 1 << 62));
    let held: usize = found.iter().map(|segment| segment.bytes.len()).sum();
    assert_eq!(held, 8);
    // Where zeros are in the file does not matter.
    let mut zeros = build(BASE, &[(BASE, BASE, b"", 4)]);
    put(&mut zeros, P_OFFSET, u64::MAX);
    assert_eq!(segments(&zeros).unwrap()[0].len, 4);
}

#[test]
fn the_headers_are_found_in_memory() {
    let mut file = build(BASE, &[(BASE, BASE, b"code", 4096)]);
    let table = |file: &[u8]| Elf::parse(file).unwrap().header_table().unwrap();
    let none = HeaderTable {
        address: None,
        count: 1,
        entry_bytes: 56,
    };
    assert_eq!(table(&file), none, "the segment begins behind them");
    put(&mut file, P_OFFSET, 16);
    let address = Some(BASE + HEADERS as u64 - 16);
    put(&mut file, HEADERS + 32, 48);
    assert_eq!(table(&file), none, "it ends before them");
    put(&mut file, HEADERS + 32, 49);
    assert_eq!(table(&file), HeaderTable { address, ..none });
}

#[test]
fn symbols_have_addresses_and_sorts() {
    let file = htif_guest();
    let symbols: Vec<_> = Elf::parse(&file).unwrap().symbols().unwrap().collect();
    let named = |name: &str| symbols.iter().find(|symbol| symbol.name == name).unwrap();
    assert_eq!(named("fromhost").address - named("tohost").address, 64);
    assert!(named("_start").is_code && !named("tohost").is_code);
    let stripped = build(BASE, &[(BASE, BASE, b"code", 4)]);
    assert_eq!(Elf::parse(&stripped).unwrap().symbols().unwrap().count(), 0);
    assert_eq!(Elf::parse(&stripped).unwrap().needed(), Ok(Vec::new()));
}

#[test]
fn no_cut_does_harm() {
    let file = htif_guest();
    let whole = segments(&file).unwrap();
    for len in 0..file.len() {
        let cut = &file[..len];
        // Behind the segments there are only symbols, which a program can lack.
        if let Ok(found) = segments(cut) {
            assert_eq!(found, whole);
        }
        look_everywhere(cut);
    }
}

/// Reads whatever can be read.
fn look_everywhere(bytes: &[u8]) {
    let Ok(elf) = Elf::parse(bytes) else { return };
    let _ = (elf.arch(), elf.header_table(), elf.needed());
    if let Ok(symbols) = elf.symbols() {
        symbols.for_each(drop);
    }
    for segment in elf.segments().unwrap_or_default() {
        assert!(segment.bytes.len() as u64 <= segment.len);
        let last = segment.address.checked_add(segment.len - 1).unwrap();
        assert!(segment.physical_of(last).is_some());
    }
}

proptest! {
    #[test]
    fn no_damage_does_harm(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        in_headers: bool,
    ) {
        let mut file = htif_guest();
        let range = if in_headers { 400 } else { file.len() };
        for (at, byte) in changes {
            file[at.index(range)] = byte;
        }
        look_everywhere(&file);
    }
}
