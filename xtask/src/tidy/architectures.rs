//! What is generic names no architecture: those have folders of their own. A few files
//! list what exists.

use std::path::Path;

/// What names one. Split, so that this file may hold them.
const WORDS: [&str; 4] = [
    concat!("is", "cv"),
    concat!("x86", "_64"),
    concat!("X86", "_64"),
    concat!("arch", "64"),
];

/// Where nothing may.
const GENERIC: [&str; 6] = [
    "crates/vm-cross-arch/src/ir",
    "crates/vm-cross-arch/src/passes",
    "crates/vm-cross-arch/src/host",
    "crates/vm-engine/src",
    "crates/vm-device/src",
    "crates/vm-machine/src",
];

/// Folders, wherever they are, that are about one architecture or one board; and tests,
/// which have to be about something.
const SPECIFIC: [&str; 9] = [
    "guest", "board", "firmware", "riscv64", "x86_64", "aarch64", "tests", "tests.rs", "testing",
];

/// Lines that may name architectures all the same: they list what there is.
pub(super) const MAX_LINES: usize = 15;

/// The lines of a file that name an architecture although what they say is generic.
pub(super) fn lines(file: &Path, text: &str) -> Vec<(usize, String)> {
    let specific = |part: &std::ffi::OsStr| SPECIFIC.iter().any(|name| part == *name);
    let generic = GENERIC.iter().any(|folder| file.starts_with(folder));
    if !generic || file.iter().any(specific) {
        return Vec::new();
    }
    let code = text
        .lines()
        .enumerate()
        .take_while(|(_, line)| !line.starts_with("mod tests"));
    let names = |line: &str| WORDS.iter().any(|word| line.contains(word));
    code.filter(|(_, line)| !line.trim_start().starts_with("//") && names(line))
        .map(|(index, line)| {
            let problem = format!(
                "one of more than {MAX_LINES} lines that name an architecture where all is generic: {}",
                line.trim()
            );
            (index + 1, problem)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_that_names_an_architecture_is_found() {
        let text = format!("use crate::host::{};\n", WORDS[1]);
        let found = |file: &str, text: &str| lines(Path::new(file), text).len();
        assert_eq!(found("crates/vm-engine/src/jit/a.rs", &text), 1);
        assert_eq!(found("crates/vm-cross-arch/src/host/mod.rs", &text), 1);
        for file in [
            "crates/vm-engine/src/guest/riscv64/a.rs",
            "crates/vm-cross-arch/src/host/x86_64/a.rs",
            "crates/vm-cross-arch/src/lib.rs",
            "crates/vm-engine/src/jit/tests.rs",
            "crates/vm-engine/tests/a.rs",
        ] {
            assert_eq!(found(file, &text), 0, "{file}");
        }
        let comment = format!("    // {text}mod tests {{\n{text}");
        assert_eq!(found("crates/vm-engine/src/jit/a.rs", &comment), 0);
    }
}
