//! Words that mean something else in every part of the engine name one file of a crate.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    path::{Path, PathBuf},
};

use super::Violation;

/// Which memory, which cache? A second file has to say it in its name.
const AMBIGUOUS: [&str; 7] = [
    "block.rs",
    "blocks.rs",
    "cache.rs",
    "code.rs",
    "context.rs",
    "memory.rs",
    "table.rs",
];

/// Folders of architectures have the same files, as they should.
const ARCHITECTURES: [&str; 4] = ["aarch64", "riscv64", "toy", "x86_64"];

/// Checks the files of the repository.
pub(super) fn check(files: &[PathBuf]) -> Vec<Violation> {
    let mut first: BTreeMap<(PathBuf, &OsStr), &Path> = BTreeMap::new();
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| !is_test(file)) {
        let Some((source, name)) = source_and_name(file) else {
            continue;
        };
        let other = *first.entry((source, name)).or_insert(file);
        if place(other) != place(file) {
            violations.push(Violation {
                file: file.clone(),
                line: 0,
                problem: format!("{} has the same name", other.display()),
            });
        }
    }
    violations
}

fn is_test(file: &Path) -> bool {
    file.iter().any(|part| part == "tests" || part == "testing")
}

/// The `src` folder of the crate that a file with an ambiguous name is in, and the name.
fn source_and_name(file: &Path) -> Option<(PathBuf, &OsStr)> {
    let name = file.file_name()?;
    let source = file.ancestors().find(|folder| folder.ends_with("src"))?;
    let ambiguous = AMBIGUOUS.iter().any(|word| name == *word);
    ambiguous.then(|| (source.to_owned(), name))
}

/// The path without the names of architectures: two files of one place are the same
/// thing for two architectures.
fn place(file: &Path) -> PathBuf {
    let is_architecture = |part: &&OsStr| ARCHITECTURES.iter().any(|name| *part == *name);
    file.iter().filter(|part| !is_architecture(part)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: [&str; 2]) -> usize {
        check(&files.map(PathBuf::from)).len()
    }

    #[test]
    fn an_ambiguous_name_is_there_once_in_a_crate() {
        assert_eq!(
            found(["crates/a/src/memory.rs", "crates/a/src/jit/memory.rs"]),
            1
        );
        assert_eq!(
            found(["crates/a/src/memory.rs", "crates/b/src/memory.rs"]),
            0
        );
        assert_eq!(
            found(["crates/a/src/state.rs", "crates/a/src/jit/state.rs"]),
            0
        );
        assert_eq!(
            found(["crates/a/src/memory.rs", "crates/a/src/tests/memory.rs"]),
            0
        );
    }

    #[test]
    fn architectures_have_the_same_files() {
        let [riscv64, aarch64] = [
            "crates/a/src/riscv64/memory.rs",
            "crates/a/src/aarch64/memory.rs",
        ];
        assert_eq!(found([riscv64, aarch64]), 0);
        assert_eq!(found([riscv64, "crates/a/src/jit/aarch64/memory.rs"]), 1);
    }
}
