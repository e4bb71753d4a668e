//! The project's own rules, beyond what the compiler and Clippy check. They run
//! as a test too.

mod rules;

use std::{fmt, path::PathBuf};

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
    let mut violations = Vec::new();
    for file in workspace::files()? {
        let is_text = file.extension().is_some_and(|e| {
            ["rs", "md", "toml", "S", "sh"]
                .iter()
                .any(|known| e == *known)
        });
        // The sources of others, as they are.
        let is_foreign = file.starts_with("third_party/virtio-queue/src");
        if !is_text || is_foreign {
            continue;
        }
        let text = workspace::read(&file)?;
        let problems = rules::check(&file, &text).into_iter();
        violations.extend(problems.map(|(line, problem)| Violation {
            file: file.clone(),
            line,
            problem,
        }));
    }
    Ok(violations)
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
