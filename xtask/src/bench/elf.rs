//! Which libraries a program needs.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use object::{
    Endianness,
    elf::{DT_NEEDED, FileHeader64},
    read::elf::{Dyn as _, FileHeader as _},
};

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

/// The names in the file's own dynamic section (System V ABI, chapter 5).
fn needed(file: &Path) -> Result<Vec<String>> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let read = || -> object::read::Result<Vec<String>> {
        let header = FileHeader64::<Endianness>::parse(&*bytes)?;
        let endian = header.endian()?;
        let sections = header.sections(endian, &*bytes)?;
        let Some((entries, strings)) = sections.dynamic(endian, &*bytes)? else {
            return Ok(Vec::new());
        };
        let strings = sections.strings(endian, &*bytes, strings)?;
        let mut names = Vec::new();
        for entry in entries.iter().filter(|e| e.tag(endian) == DT_NEEDED) {
            let name = entry.string(endian, strings)?;
            names.push(String::from_utf8_lossy(name).into_owned());
        }
        Ok(names)
    };
    read().with_context(|| format!("{} is no whole ELF file", file.display()))
}
