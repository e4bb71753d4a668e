//! One module style: a folder's face is its `mod.rs`. `name.rs` beside `name/` is there
//! for `name/tests.rs` alone.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::Violation;

/// Checks the files of the repository.
pub(super) fn check(files: &[PathBuf]) -> Vec<Violation> {
    let all: BTreeSet<&Path> = files.iter().map(PathBuf::as_path).collect();
    let mut folders: BTreeMap<&Path, Vec<&Path>> = BTreeMap::new();
    for file in all.iter().filter(|file| is_source(file)) {
        let above = file.ancestors().skip(1);
        for folder in above.take_while(|folder| !is_crate(&all, folder)) {
            folders.entry(folder).or_default().push(file);
        }
    }
    let faces = folders.iter();
    faces
        .filter_map(|(folder, inside)| problem(&all, folder, inside))
        .collect()
}

/// Whether a file is of one of the project's own crates.
fn is_source(file: &Path) -> bool {
    file.starts_with("crates") || file.starts_with("xtask")
}

/// Whether a folder is a crate's. What is directly in there are not modules: `src`,
/// `tests` and their like.
fn is_crate(all: &BTreeSet<&Path>, folder: &Path) -> bool {
    all.contains(folder.join("Cargo.toml").as_path())
}

/// What is wrong with the face of a folder that holds the files `inside`.
fn problem(all: &BTreeSet<&Path>, folder: &Path, inside: &[&Path]) -> Option<Violation> {
    let is_module = |file: &&&Path| file.extension().is_some_and(|e| e == "rs");
    let modules = || inside.iter().filter(is_module);
    let parent = folder.parent()?;
    let beside = parent.join(format!("{}.rs", folder.file_name()?.display()));
    let face = folder.join("mod.rs");
    let violation = |file: PathBuf, problem: String| {
        let line = 0;
        Some(Violation {
            file,
            line,
            problem,
        })
    };
    if all.contains(beside.as_path()) {
        if inside == [folder.join("tests.rs")] {
            return None;
        }
        let problem = format!(
            "`{}/` holds more than its tests: its face is `mod.rs` in it",
            folder.display()
        );
        return violation(beside, problem);
    }
    // A program of several files, such as a test, begins in its `main.rs`.
    let is_program = parent.parent().is_some_and(|parent| is_crate(all, parent))
        && all.contains(folder.join("main.rs").as_path());
    let is_root = is_crate(all, parent) || folder.ends_with("src/bin") || is_program;
    if is_root || all.contains(face.as_path()) || modules().next().is_none() {
        return None;
    }
    violation(face, "the folder has modules and no face".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(files: &[&str]) -> Vec<String> {
        let mut all: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
        all.push("crates/a/Cargo.toml".into());
        let violations = check(&all);
        violations.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_folder_of_modules_has_a_face() {
        assert!(problems(&["crates/a/src/lib.rs", "crates/a/src/bin/x.rs"]).is_empty());
        assert!(problems(&["crates/a/src/b/mod.rs", "crates/a/src/b/c.rs"]).is_empty());
        assert!(problems(&["crates/a/tests/b/main.rs", "crates/a/tests/b/c.rs"]).is_empty());
        assert!(problems(&["crates/a/tests/states/one.state", "guests/x/y.rs"]).is_empty());
        let without = problems(&["crates/a/src/b/c.rs"]);
        assert_eq!(without.len(), 1);
        assert!(
            without[0].starts_with("crates/a/src/b/mod.rs"),
            "{without:?}"
        );
        // Every folder on the way has one.
        assert_eq!(problems(&["crates/a/src/b/c/mod.rs"]).len(), 1);
    }

    #[test]
    fn a_file_beside_a_folder_is_there_for_its_tests_alone() {
        assert!(problems(&["crates/a/src/b.rs", "crates/a/src/b/tests.rs"]).is_empty());
        for more in [
            "crates/a/src/b/c.rs",
            "crates/a/src/b/tests/c.rs",
            "crates/a/src/b/x.sh",
        ] {
            let found = problems(&["crates/a/src/b.rs", "crates/a/src/b/tests.rs", more]);
            assert!(found[0].starts_with("crates/a/src/b.rs"), "{found:?}");
        }
        // Two faces are one too many.
        let both = problems(&["crates/a/src/b.rs", "crates/a/src/b/mod.rs"]);
        assert_eq!(both.len(), 1);
    }
}
