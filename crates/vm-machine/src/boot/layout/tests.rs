use super::*;
use crate::boot::Content;

const BASE: u64 = 0x8000_0000;
const DTB: u64 = 9000;
const GIB: u64 = 1 << 30;
/// As on boards for RISC-V.
const REACH: u64 = 3 * GIB;

fn ram(len: u64) -> RamRange {
    RamRange { base: BASE, len }
}

fn with_kernel(
    ram: RamRange,
    addr: u64,
    len: u64,
    initrd: Option<u64>,
) -> Result<Placement, BootError> {
    let kernel = Program::flat(addr, Content::Bytes(vec![0]), len);
    let wanted = Wanted {
        initrd: initrd.map(|len| (Path::new("i"), len)),
        dtb: DTB,
        dtb_limit: REACH,
    };
    place(ram, &[(Setting::Kernel, Path::new("k"), &kernel)], wanted)
}

#[test]
fn everything_is_at_the_end_and_aligned() {
    let placed = with_kernel(ram(64 << 20), BASE + 0x20_0000, 32 << 20, Some(12345)).unwrap();
    let initrd = placed.initrd.unwrap();
    assert!(placed.dtb.is_multiple_of(PAGE_SIZE) && initrd.is_multiple_of(PAGE_SIZE));
    assert!(initrd + 12345 <= placed.dtb);
    assert!(placed.dtb + DTB + DTB_SLACK <= BASE + (64 << 20));
}

#[test]
fn large_machines_keep_the_tree_in_reach() {
    let placed = with_kernel(ram(8 << 30), BASE, 4096, Some(1 << 20)).unwrap();
    assert!(placed.dtb < REACH);
}

#[test]
fn a_large_initrd_goes_wherever_there_is_room() {
    let kernel = (BASE + 0x20_0000, 32 << 20);
    let kernel_end = kernel.0 + kernel.1;
    for (memory, initrd) in [
        (4 * GIB, 3 * GIB / 2),
        (4 * GIB, 4 * GIB - (35 << 20)),
        (16 * GIB, 15 * GIB),
        (512 * GIB, 500 * GIB),
        (GIB, GIB - (35 << 20)),
    ] {
        let placed = with_kernel(ram(memory), kernel.0, kernel.1, Some(initrd)).unwrap();
        let start = placed.initrd.unwrap();
        assert!(start.is_multiple_of(PAGE_SIZE) && start >= kernel_end);
        assert!(start + initrd <= BASE + memory);
        let tree_end = placed.dtb + DTB + DTB_SLACK;
        assert!(placed.dtb >= kernel_end && tree_end <= REACH);
        assert!(tree_end <= start || placed.dtb >= start + initrd);
    }
}

#[test]
fn the_memory_that_an_error_asks_for_is_enough() {
    let kernel = (BASE + 0x20_0000, (32 << 20) + 5);
    for initrd in [GIB, 3 * GIB / 2 + 1, 7 * GIB + 4097] {
        let error = with_kernel(ram(GIB), kernel.0, kernel.1, Some(initrd)).unwrap_err();
        let message = error.to_string();
        let (_, asked) = message.split_once("at least `memory ").unwrap();
        let enough: ByteSize = asked.trim_end_matches('`').parse().unwrap();
        assert!(with_kernel(ram(enough.0), kernel.0, kernel.1, Some(initrd)).is_ok());
        let less = ram(enough.0 - (2 << 20));
        assert!(with_kernel(less, kernel.0, kernel.1, Some(initrd)).is_err());
        for part in [
            "initrd i",
            &initrd.to_string(),
            "1G",
            "kernel k takes 0x80200000",
        ] {
            assert!(message.contains(part), "{message}");
        }
    }
}

#[test]
fn a_program_that_leaves_no_room_in_reach_is_named() {
    let error = with_kernel(ram(8 * GIB), BASE, GIB, None).unwrap_err();
    let message = error.to_string();
    for part in ["the device tree", "below 0xc0000000", "kernel k takes"] {
        assert!(message.contains(part), "{message}");
    }
    assert!(!message.contains("at least"), "{message}");
}

#[test]
fn what_does_not_fit_is_named() {
    let messages = [
        (
            with_kernel(ram(4 << 20), BASE, 5 << 20, None),
            "kernel k: needs",
        ),
        (
            with_kernel(ram(4 << 20), BASE + (2 << 20), 3 << 20, None),
            "needs 5242880",
        ),
        (with_kernel(ram(4 << 20), 0x1000, 100, None), "0x1000"),
        (
            with_kernel(ram(4 << 20), u64::MAX - 5, 100, None),
            "0xfffffffffffffffa",
        ),
        (
            with_kernel(ram(4 << 20), BASE, 4 << 20, None),
            "the device tree",
        ),
        (
            with_kernel(ram(4 << 20), BASE, 100, Some(4 << 20)),
            "initrd i",
        ),
        (
            with_kernel(ram(4 << 20), BASE, 2 << 20, Some(2 << 20)),
            "kernel k takes 0x80000000 to 0x80200000",
        ),
    ];
    for (result, part) in messages {
        let message = result.unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
        let setting = ["(memory ", "`memory ", "with memory"];
        let named = setting.iter().any(|name| message.contains(name));
        assert!(named, "{message}");
    }
}

#[test]
fn programs_must_not_overlap_each_other() {
    let firmware = Program::flat(BASE, Content::Bytes(vec![0]), 0x20_0001);
    let kernel = Program::flat(BASE + 0x20_0000, Content::Bytes(vec![0]), 4096);
    let programs = [
        (Setting::Bios, Path::new("fw"), &firmware),
        (Setting::Kernel, Path::new("k"), &kernel),
    ];
    let wanted = Wanted {
        initrd: None,
        dtb: 1,
        dtb_limit: REACH,
    };
    let message = place(ram(64 << 20), &programs, wanted)
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("bios fw") && message.contains("kernel k"),
        "{message}"
    );
    // More memory moves neither.
    assert!(!message.contains("memory"), "{message}");
}
