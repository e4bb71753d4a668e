//! Which libraries a program needs.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use vm_loader::Elf;

/// The libraries that `programs` need, directly and not, by the names under which
/// the dynamic loader looks for them.
///
/// # Errors
/// If one is not among the `directories`, or a file is no ELF file.
pub fn libraries(
    programs: &[PathBuf],
    directories: &[PathBuf],
) -> Result<BTreeMap<String, PathBuf>> {
    let mut found = BTreeMap::new();
    let mut open: Vec<PathBuf> = programs.to_vec();
    while let Some(file) = open.pop() {
        for name in needed(&file)? {
            if found.contains_key(&name) {
                continue;
            }
            let places = directories.iter().map(|directory| directory.join(&name));
            let Some(library) = places.into_iter().find(|place| place.exists()) else {
                bail!("{} needs {name}, which is nowhere", file.display());
            };
            open.push(library.clone());
            found.insert(name, library);
        }
    }
    Ok(found)
}

/// The names in the file's own dynamic section.
fn needed(file: &Path) -> Result<Vec<String>> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let names = Elf::parse(&bytes).and_then(|elf| elf.needed());
    names.with_context(|| format!("cannot load {}", file.display()))
}
