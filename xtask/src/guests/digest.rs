//! What each kept program was assembled from: a digest of its sources, and of
//! the result, beside it.

use std::{collections::BTreeSet, fmt::Write as _, fs, path::PathBuf};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use super::{Program, directory, harness, includes, layout, read};

/// Lines of source digest, result digest, name.
const RECORD: &str = "elf/digests";

/// The names of programs whose kept result does not belong to their sources,
/// and of results without a source.
///
/// # Errors
/// If a file cannot be read.
pub fn stale() -> Result<Vec<String>> {
    let path = directory().join(RECORD);
    let recorded =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let recorded: BTreeSet<&str> = recorded.lines().collect();
    let current = lines()?;
    let current: BTreeSet<&str> = current.lines().collect();
    let differing = recorded.symmetric_difference(&current);
    let mut names: Vec<_> = differing
        .filter_map(|line| line.split(' ').next_back())
        .map(str::to_owned)
        .collect();
    names.dedup();
    Ok(names)
}

/// Records the present sources and results as belonging together.
pub(super) fn record() -> Result<()> {
    let path = directory().join(RECORD);
    fs::write(&path, lines()?).with_context(|| format!("cannot write {}", path.display()))
}

fn lines() -> Result<String> {
    let mut lines = String::new();
    for program in Program::all()? {
        let mut sources = Sha256::new();
        for file in sources_of(&program)? {
            sources.update(read(&file)?);
        }
        let result = match program.elf() {
            elf if elf.exists() => hex::encode(Sha256::digest(read(&elf)?)),
            _ => "missing".to_owned(),
        };
        let sources = hex::encode(sources.finalize());
        writeln!(lines, "{sources} {result} {}", program.name)?;
    }
    let [source, result] = [harness::sources(), vec![harness::elf()]].map(|files| {
        let mut digest = Sha256::new();
        for file in files {
            digest.update(read(&file)?);
        }
        anyhow::Ok(hex::encode(digest.finalize()))
    });
    writeln!(lines, "{} {} fuzz", source?, result?)?;
    Ok(lines)
}

/// The files that a program is made from: its own, then what they include.
fn sources_of(program: &Program) -> Result<Vec<PathBuf>> {
    let mut files = vec![layout(), program.source()];
    let mut next = 1;
    while let Some(file) = files.get(next).cloned() {
        let text = String::from_utf8(read(&file)?)
            .with_context(|| format!("{} is not text", file.display()))?;
        for name in text.lines().filter_map(included) {
            let path = includes().join(name);
            if !files.contains(&path) {
                files.push(path);
            }
        }
        next += 1;
    }
    Ok(files)
}

/// The file that a line includes.
fn included(line: &str) -> Option<&str> {
    let name = line.strip_prefix("#include \"")?;
    name.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_includes() {
        assert_eq!(included("#include \"test.h\""), Some("test.h"));
        assert_eq!(included("    begin"), None);
        let name = "sv39".to_owned();
        let files = sources_of(&Program { name }).unwrap();
        let names: Vec<_> = files
            .iter()
            .filter_map(|file| file.file_name()?.to_str())
            .collect();
        let expected = [
            "layout.ld",
            "sv39.S",
            "paging.h",
            "pte.h",
            "test.h",
            "csr.h",
        ];
        assert_eq!(names, expected);
    }
}
