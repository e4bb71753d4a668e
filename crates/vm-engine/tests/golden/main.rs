//! Golden IR files, run on every tier, and random blocks. The files' format is in
//! `README.md`.

mod case;
mod guest;
mod random;
mod run;

use std::{collections::BTreeSet, fs, path::Path};

use case::Test;
use run::Bench;

/// The tests of every file, by file name.
fn files() -> Vec<(String, Vec<Test>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "ir"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = fs::read_to_string(path).unwrap();
            let tests = case::parse(&text).unwrap_or_else(|e| panic!("{name}.ir: {e}"));
            (name, tests)
        })
        .collect();
    files.sort_by(|a, b| a.0.cmp(&b.0));
    files
}

#[test]
fn every_file_gives_what_it_says() {
    // Alone, where some tests have to be, and beside another vCPU.
    let (alone, beside) = (Bench::new(false), Bench::new(true));
    let mut failures = Vec::new();
    for (file, tests) in files() {
        assert!(!tests.is_empty(), "{file}.ir has no tests");
        for test in &tests {
            let beside = (!test.name.contains("the only vCPU")).then_some(&beside);
            for bench in [Some(&alone), beside].into_iter().flatten() {
                if let Err(failure) = bench.run(test) {
                    failures.push(format!("{file}.ir, {}: {failure}", test.name));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Every name that an op or terminator can have, operands' order of names aside.
fn names() -> Vec<String> {
    let cross = |lists: &[&[&str]]| {
        lists.iter().fold(vec![String::new()], |names, list| {
            let add = |name: &String, part: &str| match name.as_str() {
                "" => part.to_owned(),
                name => format!("{name}.{part}"),
            };
            let extended = names
                .iter()
                .flat_map(|name| list.iter().map(|part| add(name, part)));
            extended.collect()
        })
    };
    const ALL_WIDTHS: &[&str] = &[
        "add", "sub", "and", "or", "xor", "andnot", "ornot", "xornot", "shl", "shr", "sar", "rol",
        "ror", "mul", "divs", "divu", "rems", "remu", "mins", "minu", "maxs", "maxu", "clmul",
        "sh1add", "sh2add", "sh3add",
    ];
    const WIDE: &[&str] = &["mulhs", "mulhu", "mulhsu", "clmulh", "clmulr"];
    const UNARY: &[&str] = &[
        "sext8",
        "sext16",
        "sext32",
        "zext8",
        "zext16",
        "zext32",
        "clz64",
        "clz32",
        "ctz64",
        "ctz32",
        "popcount64",
        "popcount32",
        "bswap64",
        "orcombine",
        "unboxf32",
        "move",
        "zeroblock",
        "select",
        "helper",
        "endhelper",
    ];
    const CONDS: &[&str] = &["eq", "ne", "lts", "ges", "ltu", "geu"];
    const SIZES: &[&str] = &["b", "h", "w", "d"];
    const ATOMIC: &[&str] = &["w", "d"];
    const AMOS: &[&str] = &[
        "swap", "add", "xor", "and", "or", "mins", "maxs", "minu", "maxu",
    ];
    const ORDERINGS: &[&str] = &["relaxed", "acquire", "release", "acqrel", "sequential"];
    const FORMATS: &[&str] = &["f32", "f64"];
    const INTS: &[&str] = &["i32", "u32", "i64", "u64"];
    const MODES: &[&str] = &["rne", "rtz", "rdn", "rup", "rmm", "dyn"];
    const SIGNS: &[&str] = &["pos", "neg"];
    const HINTS: &[&str] = &["plain", "call", "return", "returncall"];
    [
        cross(&[ALL_WIDTHS, &["w64", "w32s", "w32z"]]),
        cross(&[WIDE, &["w64"]]),
        cross(&[UNARY]),
        cross(&[&["set", "branch", "sideexit"], CONDS]),
        cross(&[&["load"], SIZES, &["sign", "zero", "ones"]]),
        cross(&[&["store"], SIZES]),
        // Of atomics, every operation and size; orderings do not multiply.
        cross(&[&["amo"], AMOS, ATOMIC]),
        cross(&[&["cas", "lr", "sc"], ATOMIC]),
        cross(&[&["fence"], ORDERINGS]),
        cross(&[&["fadd", "fsub", "fmul", "fdiv", "fsqrt"], FORMATS, MODES]),
        cross(&[&["fmin", "fmax", "feq", "flt", "fle", "fclass"], FORMATS]),
        cross(&[&["fmuladd"], FORMATS, MODES, SIGNS, SIGNS]),
        cross(&[&["ftoint"], FORMATS, INTS, MODES]),
        cross(&[&["inttof"], INTS, FORMATS, MODES]),
        cross(&[&["ftof"], FORMATS, FORMATS, MODES]),
        cross(&[&["jump", "jumpindirect"], HINTS]),
    ]
    .concat()
}

#[test]
fn the_files_cover_every_op() {
    let mut seen = BTreeSet::new();
    for (_, tests) in files() {
        for test in tests {
            for line in test.block.to_string().lines() {
                let op = line.rsplit_once(" = ").map_or(line, |(_, op)| op).trim();
                let name = op.split(' ').next().unwrap();
                // Also without its last parts: see `names`.
                for (end, _) in name.match_indices('.') {
                    seen.insert(name[..end].to_owned());
                }
                seen.insert(name.to_owned());
            }
        }
    }
    let missing: Vec<_> = names().into_iter().filter(|n| !seen.contains(n)).collect();
    assert!(missing.is_empty(), "no file has {missing:?}");
}
