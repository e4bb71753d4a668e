//! Runs the self-checking programs of `guests/riscv64/isa` on the engine.

mod common;

use std::{
    collections::BTreeSet,
    path::Path,
    time::{Duration, Instant},
};

use common::{Bare, RAM, engines};
use vm_core::{AccessSize, GuestPhysAddr};
use vm_cross_arch::guest::riscv64::regs;
use vm_engine::{
    guest::riscv64::Riscv64,
    vcpu::{Engine, TranslatedVcpu},
};
use vm_loader::Elf;

/// Longer than any program takes on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(300);
/// What a program stores to `tohost` when it finds nothing wrong.
const PASSED: u64 = 1;
/// Added to a failure's line number if it is an unexpected trap after that line.
const TRAP_LINE: u64 = 0x8000;

/// A program in memory, as an ELF file gives it.
struct Image {
    /// From [`RAM`] on.
    bytes: Vec<u8>,
    /// Physical address of the verdict.
    tohost: GuestPhysAddr,
}

impl Image {
    fn parse(elf: &[u8]) -> Self {
        let file = Elf::parse(elf).expect("an ELF file");
        assert_eq!(file.entry(), RAM, "programs begin at the start of RAM");
        let mut bytes = Vec::new();
        for segment in file.segments().unwrap() {
            let start = usize::try_from(segment.physical - RAM).unwrap();
            let end = start + segment.bytes.len();
            bytes.resize(bytes.len().max(end), 0);
            bytes[start..end].copy_from_slice(segment.bytes);
        }
        let mut symbols = file.symbols().unwrap();
        let tohost = symbols.find(|symbol| symbol.name == "tohost");
        Self {
            bytes,
            tohost: GuestPhysAddr(tohost.expect("the symbol tohost").address),
        }
    }
}

/// Runs the program on so many harts; panics with its verdict unless it passes
/// on every engine.
fn run(name: &str, harts: usize, elf: &[u8]) {
    let image = Image::parse(elf);
    for engine in engines() {
        run_on(engine, &format!("{name} on {engine:?}"), harts, &image);
    }
}

fn run_on(engine: Engine, name: &str, harts: usize, image: &Image) {
    let machine = Bare::new(harts, &image.bytes).on(engine);
    let shared = machine.shared.clone();
    let verdict = || shared.ram.load(image.tohost, AccessSize::Double);
    let begin = Instant::now();
    let harts = machine.run_while(|_| verdict() == Some(0) && begin.elapsed() < PATIENCE);
    match verdict() {
        Some(PASSED) => {}
        Some(0) => panic!("{name}: no verdict; {}", states(&harts)),
        verdict => {
            let line = verdict.unwrap_or(0) >> 1;
            let place = line & !TRAP_LINE;
            let what = if line & TRAP_LINE == 0 {
                "failed (a0: found, a1: expected) at"
            } else {
                "unexpected trap (a0: cause, a1: pc, a2: value) after"
            };
            panic!("{what} line {place} of {name}; {}", states(&harts));
        }
    }
}

/// The registers that the programs' own words for failures use.
fn states(harts: &[TranslatedVcpu<Riscv64>]) -> String {
    let state = |hart: &TranslatedVcpu<Riscv64>| {
        let [a0, a1, a2] = [10, 11, 12].map(|n| hart.core.get(regs::x(n)));
        let pc = hart.pc;
        format!(
            "hart {}: a0 {a0:#x} a1 {a1:#x} a2 {a2:#x} pc {pc:#x}",
            hart.core.index
        )
    };
    harts.iter().map(state).collect::<Vec<_>>().join("; ")
}

macro_rules! programs {
    ($($name:ident: $harts:literal),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                let name = stringify!($name);
                run(name, $harts, include_bytes!(concat!(
                    "../../../guests/riscv64/isa/elf/", stringify!($name), ".elf"
                )));
            }
        )*

        const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

programs! {
    a: 1,
    c: 1,
    d: 1,
    d_convert: 1,
    f: 1,
    f_convert: 1,
    f_state: 1,
    i: 1,
    i_branch: 1,
    i_memory: 1,
    interrupts: 1,
    m: 1,
    pmp: 1,
    smp2_code: 2,
    smp2_message: 2,
    smp2_paging: 2,
    smp2_reserve: 2,
    smp4_lock: 4,
    sstc: 1,
    sv39: 1,
    sv39_code: 1,
    sv39_kernel: 1,
    sv39_many: 1,
    sv48: 1,
    sv57: 1,
    svnapot: 1,
    svpbmt: 1,
    traps: 1,
    zacas: 1,
    zawrs: 1,
    zba: 1,
    zbb: 1,
    zbc: 1,
    zbs: 1,
    zicbom: 1,
    zicboz: 1,
    zicntr: 1,
    zicond: 1,
    zicsr: 1,
    zifencei: 1,
}

#[test]
fn every_program_is_run() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests/riscv64/isa");
    let names = |directory: &Path, extension: &str| -> BTreeSet<String> {
        let entries = std::fs::read_dir(directory).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        let wanted = paths.filter(|path| path.extension().is_some_and(|e| e == extension));
        wanted
            .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
            .collect()
    };
    let run: BTreeSet<String> = NAMES.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(names(&directory.join("elf"), "elf"), run);
    assert_eq!(names(&directory, "S"), run);
}
