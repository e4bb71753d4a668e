//! How many host instructions are emitted for each block of a fixed set; `README.md`
//! says how to renew the golden files.

use std::{collections::BTreeMap, fmt::Write as _, path::PathBuf};

use iced_x86::{Decoder, DecoderOptions};
use serde::Serialize;
use vm_bench::translation::{BLOCK_INSNS, Emitter, Processor, TRANSLATIONS, Translation};
use vm_core::HostArch;
use vm_cross_arch::passes::Passes;

/// What comes of a block.
#[derive(Serialize)]
struct Counts {
    guest: u16,
    baseline: Code,
    full: Code,
}

#[derive(Serialize)]
struct Code {
    host: usize,
    bytes: usize,
}

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/emitted")
}

/// Names and code of the functions.
fn functions() -> Vec<(String, Vec<u8>)> {
    let text = std::fs::read_to_string(directory().join("functions.txt")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, code) = line.split_once(' ').unwrap();
            (name.to_owned(), hex::decode(code).unwrap())
        })
        .collect()
}

fn instructions(host: HostArch, code: &[u8]) -> usize {
    match host {
        HostArch::X86_64 => {
            let decoder = Decoder::new(64, code, DecoderOptions::NONE);
            let all = decoder.into_iter();
            all.inspect(|instruction| assert!(!instruction.is_invalid(), "{code:02x?}"))
                .count()
        }
        HostArch::Riscv64 | HostArch::Aarch64 => code.len() / 4,
    }
}

fn measure(pair: &Translation, emitter: &Emitter, source: &[u8]) -> Code {
    let block = pair.translate(source, Passes::ALL).unwrap();
    let code = emitter(&block);
    Code {
        host: instructions(pair.host, &code.bytes),
        bytes: code.bytes.len(),
    }
}

/// All blocks of all functions, cut where the lifter ends them.
fn counts(pair: &Translation) -> BTreeMap<String, Counts> {
    let emitters = [Processor::Baseline, Processor::Full].map(pair.emitter);
    let mut all = BTreeMap::new();
    for (name, code) in functions() {
        let mut at = 0;
        while let Some(block) = (pair.lift)(&code[at..], BLOCK_INSNS) {
            let source = &code[at..][..usize::from(block.bytes)];
            let [baseline, full] = emitters
                .each_ref()
                .map(|emitter| measure(pair, emitter, source));
            let counts = Counts {
                guest: block.insns,
                baseline,
                full,
            };
            all.insert(format!("{name}+{at:#05x}"), counts);
            at += source.len();
        }
    }
    all
}

/// JSON with a line for each block, so that a difference shows which ones changed.
fn render(counts: &BTreeMap<String, Counts>) -> String {
    let mut text = String::new();
    for (name, counts) in counts {
        let start = if text.is_empty() { "{\n" } else { ",\n" };
        let counts = serde_json::to_string(counts).unwrap();
        write!(text, "{start}  \"{name}\": {counts}").unwrap();
    }
    text + "\n}\n"
}

#[test]
fn as_much_is_emitted_as_was_reviewed() {
    for pair in TRANSLATIONS {
        let path = directory().join(pair.name()).with_extension("json");
        let text = render(&counts(&pair));
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, &text).unwrap();
            continue;
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        let changed: Vec<_> = text
            .lines()
            .zip(golden.lines().chain(std::iter::repeat("(nothing)")))
            .filter(|(ours, golden)| ours != golden)
            .map(|(ours, golden)| format!("was {golden}\n now {ours}"))
            .collect();
        assert!(
            changed.is_empty() && text.len() == golden.len(),
            "{}: review this, then see tests/emitted/README.md\n{}",
            pair.name(),
            changed.join("\n")
        );
    }
}
