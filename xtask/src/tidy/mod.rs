//! The project's own rules, beyond what the compiler and Clippy check. They run
//! as a test too.

mod architectures;
mod faces;
mod held;
mod manifests;
mod names;
mod rules;

use std::{
    collections::BTreeSet,
    fmt,
    path::{Path, PathBuf},
};

use anyhow::Result;

use crate::workspace;

/// A place that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The file, relative to the repository's root.
    pub file: PathBuf,
    /// The line's number, from 1; 0 for the file as a whole.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.problem)
    }
}

/// Checks every file of the repository.
///
/// # Errors
/// If the files cannot be listed or read.
pub fn check() -> Result<Vec<Violation>> {
    let files = workspace::files()?;
    let mut violations = faces::check(&files);
    violations.extend(names::check(&files));
    let mut tests = BTreeSet::new();
    let mut named = Vec::new();
    for file in files.iter().filter(|file| is_text(file)) {
        let text = workspace::read(file)?;
        violations.extend(located(file, rules::check(file, &text)));
        if manifests::concerns(file) {
            violations.extend(located(file, manifests::check(file, &text)));
        }
        if is_rust(file) {
            tests.extend(held::tests(&text).map(str::to_owned));
            named.extend(located(file, architectures::lines(file, &text)));
        }
    }
    if named.len() > architectures::MAX_LINES {
        violations.extend(named);
    }
    let architecture = Path::new(held::FILE);
    let text = workspace::read(architecture)?;
    violations.extend(located(architecture, held::check(&text, &tests)));
    violations.extend(located(architecture, held::unheld(&text)));
    Ok(violations)
}

/// Whether a file has text of ours in it.
fn is_text(file: &Path) -> bool {
    let known = ["rs", "md", "toml", "S", "sh"];
    let is_known = file
        .extension()
        .is_some_and(|e| known.iter().any(|known| e == *known));
    // The sources of others, as they are.
    is_known && !file.starts_with("third_party/virtio-queue/src")
}

fn is_rust(file: &Path) -> bool {
    file.extension().is_some_and(|e| e == "rs")
}

fn located(file: &Path, problems: Vec<(usize, String)>) -> impl Iterator<Item = Violation> {
    problems.into_iter().map(move |(line, problem)| Violation {
        file: file.to_owned(),
        line,
        problem,
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_repository_is_tidy() {
        let violations: Vec<_> = super::check()
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert!(violations.is_empty(), "\n{}", violations.join("\n"));
    }
}
