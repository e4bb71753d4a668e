//! The board against QEMU's, and the built-in firmware against OpenSBI: what
//! `guests/conformance` has asked them, asked here.

use vm_loader::Elf;

use super::*;

/// A fact in which Trine differs: its line here, and why.
type Difference = (&'static str, &'static str);

const NO_HYPERVISOR: &str = "the harts have no H extension";
const NO_TRIGGERS: &str = "the harts have no Sdtrig: reading its registers is illegal";
const NO_HPM: &str = "counters that do not exist are read-only zero, as the manual allows";
const NO_COMPRESSED_PC: &str = "QEMU keeps bit 0, which the manual makes zero";
const OTHER_INTERRUPTS: &str = "QEMU has interrupts of H and Sscofpmf, and keeps bits of none";
const NO_FIRMWARE_DEVICES: &str = "there is none: no firmware is started from it";
const VALID_HARTS: &str = "SBI 2.0 §3.1: a mask with a hart that does not exist is invalid; \
                           OpenSBI says so from 1.9 on";
const NO_PMU: &str = "there are no performance counters to offer";
const NO_EXTENSION: &str = "an extension that is not offered is not supported";

const BOARD: &[Difference] = &[
    ("misa: 800000000014112d", NO_HYPERVISOR),
    ("mideleg: 0", NO_HYPERVISOR),
    (
        "menvcfg: 6000000000000000",
        "PBMTE too: QEMU sets it where the hart has Svpbmt, which its default hart has not",
    ),
    (
        "stimecmp: ffffffffffffffff",
        "QEMU has 0 and no interrupt pending all the same; this makes it so",
    ),
    ("hstatus: 7a900002", NO_HYPERVISOR),
    ("tselect: 7a900002", NO_TRIGGERS),
    (
        "bits of misa: 800000000014112d 800000000014112d",
        NO_HYPERVISOR,
    ),
    (
        "bits of medeleg: b3ff 0",
        "no H; a call from M-mode is never delegated",
    ),
    ("bits of mideleg: 222 0", OTHER_INTERRUPTS),
    ("bits of mie: aaa 0", OTHER_INTERRUPTS),
    ("bits of mip: 2a2 80", OTHER_INTERRUPTS),
    ("bits of mepc: fffffffffffffffe 0", NO_COMPRESSED_PC),
    (
        "bits of menvcfg: e0000000000000f1 0",
        "PBMTE too; no CDE of Smcdeleg",
    ),
    ("bits of mcounteren: ffffffff 0", NO_HPM),
    ("bits of mcountinhibit: 5 0", NO_HPM),
    (
        "bits of pmpaddr0: 3fffffffffffff 0",
        "QEMU keeps bits beyond the 54 that the manual has",
    ),
    ("bits of sepc: fffffffffffffffe 0", NO_COMPRESSED_PC),
    ("bits of scounteren: ffffffff 0", NO_HPM),
    ("bits of mhpmcounter3: 0 0", NO_HPM),
    ("bits of mhpmevent3: 0 0", NO_HPM),
    ("uart MCR: 0", "the NS16550A's reset clears it"),
    (
        "plic enable 0 of context 0: fffffffe",
        "there is no source 0",
    ),
    (
        "plic enable 0 of context 1: fffffffe",
        "there is no source 0",
    ),
    (
        "virtio queue size: 100",
        "the device's own choice; drivers ask",
    ),
    (
        "status with a feature that was not offered: 3",
        "Virtio 1.2 §2.2.2 forbids to accept it",
    ),
    (
        "status of a driver that agrees on nothing: 47",
        "Virtio 1.2 §3.1.1: a driver has to set FEATURES_OK; the device asks for a reset",
    ),
    ("fw_cfg: 7a900005", NO_FIRMWARE_DEVICES),
    ("flash: 7a900005", NO_FIRMWARE_DEVICES),
];

const SBI: &[Difference] = &[
    (
        "stimecmp: ffffffffffffffff",
        "what is read before anybody has set it; no interrupt is pending on either",
    ),
    ("hpmcounter3: 0", NO_HPM),
    ("base: implementation: 0 5452494e", "this is not OpenSBI"),
    ("base: its version: 0 1", "this is not OpenSBI"),
    ("probe PMU: 0 0", NO_PMU),
    ("probe SSE: 0 0", "experimental in OpenSBI 1.6"),
    ("probe FWFT: 0 0", "experimental in OpenSBI 1.6"),
    ("probe DBTR: 0 0", NO_TRIGGERS),
    ("ipi: no such hart: fffffffffffffffd 0", VALID_HARTS),
    ("ipi: one and no such hart: fffffffffffffffd 0", VALID_HARTS),
    ("ipi: base beyond: fffffffffffffffd 0", VALID_HARTS),
    ("ipi: base far beyond: fffffffffffffffd 0", VALID_HARTS),
    ("ipi: base wraps: fffffffffffffffd 0", VALID_HARTS),
    ("rfence: 3, self: fffffffffffffffe 0", NO_HYPERVISOR),
    ("rfence: 4, self: fffffffffffffffe 0", NO_HYPERVISOR),
    ("rfence: 5, self: fffffffffffffffe 0", NO_HYPERVISOR),
    ("rfence: 6, self: fffffffffffffffe 0", NO_HYPERVISOR),
    ("rfence: no such hart: fffffffffffffffd 0", VALID_HARTS),
    ("rfence: base beyond: fffffffffffffffd 0", VALID_HARTS),
    (
        "hsm: state of a large number: fffffffffffffffd 0",
        "hart numbers have 64 bits; OpenSBI looks at 32 of them",
    ),
    (
        "dbcn: write high: fffffffffffffffd 0",
        "SBI 2.0 §12.1: the parameters are wrong, the console has not failed",
    ),
    (
        "dbcn: read high: fffffffffffffffd 0",
        "SBI 2.0 §12.2: likewise",
    ),
    ("pmu: 0: fffffffffffffffe 0", NO_PMU),
    ("fwft: 0: fffffffffffffffe 0", NO_EXTENSION),
    ("dbtr: 0: fffffffffffffffe 0", NO_TRIGGERS),
    ("pmu: 1: fffffffffffffffe 0", NO_PMU),
    ("fwft: 1: fffffffffffffffe 0", NO_EXTENSION),
    ("dbtr: 1: fffffffffffffffe 0", NO_TRIGGERS),
    ("dbtr: 2: fffffffffffffffe 0", NO_TRIGGERS),
    ("pmu: 3: fffffffffffffffe 0", NO_PMU),
    ("dbtr: 3: fffffffffffffffe 0", NO_TRIGGERS),
];

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests/conformance")
}

fn program(name: &str) -> MachineOptions {
    MachineOptions::default()
        .kernel(directory().join(name).with_extension("elf"))
        .cpus(2u32)
        .memory(ByteSize::mib(128))
}

/// Compares what a program has printed with what is kept, line by line.
fn compare(printed: &str, kept: &str, allowed: &[Difference], context: &str) {
    let kept = fs::read_to_string(directory().join(kept)).unwrap();
    let kept = kept.lines().map(Some).chain(std::iter::repeat(None));
    let count = printed.lines().count();
    let differing: Vec<_> = printed
        .lines()
        .zip(kept.clone())
        .filter(|(ours, theirs)| Some(*ours) != *theirs)
        .collect();
    for (ours, theirs) in &differing {
        let known = allowed.iter().any(|(line, _)| line == ours);
        assert!(known, "{context}: `{ours}`, but there {theirs:?}");
    }
    assert_eq!(kept.take_while(Option::is_some).count(), count, "{context}");
    for (line, why) in allowed {
        let found = differing.iter().any(|(ours, _)| ours == line);
        assert!(found, "{context}: `{line}` is no difference ({why})");
    }
}

/// The bytes of an ELF file's program, from its lowest address on.
fn flat(path: &Path) -> Vec<u8> {
    let elf = fs::read(path).unwrap();
    let segments = Elf::parse(&elf).unwrap().segments().unwrap();
    let start = segments.iter().map(|part| part.address).min().unwrap();
    let mut bytes = Vec::new();
    for part in segments {
        let at = usize::try_from(part.address - start).unwrap();
        let end = at + part.bytes.len();
        bytes.resize(bytes.len().max(end), 0);
        bytes[at..end].copy_from_slice(part.bytes);
    }
    bytes
}

#[test]
fn code_without_a_header_runs_with_firmware_and_without() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("code.bin");
    fs::write(&path, flat(&guest("time"))).unwrap();
    check(
        &bare_metal("time").kernel(path.as_path()).cpus(2u32),
        EngineChoice::Auto,
    );
    fs::write(&path, flat(&directory().join("sbi.elf"))).unwrap();
    let printed = check(&program("sbi").kernel(path.as_path()), EngineChoice::Auto);
    compare(&printed, "sbi.opensbi", SBI, "without a header");
}

#[test]
fn the_board_is_as_qemus() {
    let directory = tempfile::tempdir().unwrap();
    let disk = |name: &str, transport| {
        let path = directory.path().join(name);
        fs::write(&path, vec![0; 1 << 20]).unwrap();
        DiskConfig {
            transport,
            ..DiskConfig::new(path)
        }
    };
    let options = program("board")
        .bios(Bios::None)
        .add_disk(disk("mmio", Transport::Mmio))
        .add_disk(disk("pci", Transport::Pci));
    for engine in engines() {
        let printed = check(&options, engine);
        compare(&printed, "board.qemu", BOARD, &format!("{engine:?}"));
    }
}

#[test]
fn the_firmware_answers_as_opensbi() {
    for engine in engines() {
        let printed = check(&program("sbi"), engine);
        compare(&printed, "sbi.opensbi", SBI, &format!("{engine:?}"));
    }
}
