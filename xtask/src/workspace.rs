//! Where things are in the repository.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use crate::process;

/// The repository's root.
pub fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own)
}

/// Cargo's build directory.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Every file of the repository that is tracked or could be: not ignored.
/// Paths are relative to the root.
///
/// # Errors
/// If git cannot be run.
pub fn files() -> Result<Vec<PathBuf>> {
    let mut git = process::command("git");
    git.current_dir(root());
    git.args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]);
    let listed = process::output(&mut git)?;
    let mut files: Vec<PathBuf> = listed
        .split('\0')
        .filter(|name| !name.is_empty() && root().join(name).is_file())
        .map(PathBuf::from)
        .collect();
    files.sort();
    Ok(files)
}

/// The text of a file of the repository.
///
/// # Errors
/// If it cannot be read as UTF-8.
pub fn read(file: &Path) -> Result<String> {
    fs::read_to_string(root().join(file)).with_context(|| format!("cannot read {}", file.display()))
}
