//! The guest's file system: the default guest's own, with more after it. A kernel
//! unpacks archives that follow each other into one tree (Linux,
//! Documentation/driver-api/early-userspace/buffer-format.rst).

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use vm_image::{
    Image,
    cpio::{Entry, Tree},
};

use super::{
    build, elf, packages,
    suite::{Origin, Program},
};
use crate::tools::debian::Unpacked;

/// The directory of everything that is added.
const BASE: &str = "bench";
/// Where a loader of riscv64 programs looks for libraries, and where it is itself.
const LIBRARIES: &str = "lib/riscv64-linux-gnu";
const LOADER: &str = "ld-linux-riscv64-lp64d.so.1";

/// Where the suite's own programs are in the guest.
pub const PROGRAMS: &str = "/bench/bin";
/// Where their input files are.
pub const DATA: &str = "/bench/data";
/// Where programs of others are, by their paths in the package.
pub const PACKAGES: &str = "/bench/root";
/// The first program of a guest that runs the suite.
pub const INIT: &str = "/bench/init";
/// The first program of a guest whose start is measured.
pub const BOOT: &str = "/bench/boot";

/// The programs of others, for the guest.
///
/// # Errors
/// If they cannot be downloaded.
fn unpack_packages(programs: &[Program]) -> Result<Option<Unpacked>> {
    let any = programs
        .iter()
        .any(|program| matches!(program.origin, Origin::Package(_)));
    any.then(|| packages::unpack("riscv64")).transpose()
}

/// Writes the initramfs of a guest that runs `programs`, whose executable files
/// are in `built`.
///
/// # Errors
/// If a file cannot be read or written.
pub fn of_suite(image: &Image, programs: &[Program], built: &Path) -> Result<PathBuf> {
    let mut tree = Tree::default();
    add(&mut tree, "bench/init", &build::sources().join("init.sh"))?;
    for name in own_names(programs) {
        add(&mut tree, &format!("bench/bin/{name}"), &built.join(name))?;
    }
    let data = data_directory()?;
    for file in files(&data)? {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        add(&mut tree, &format!("bench/data/{name}"), &file)?;
    }
    if let Some(unpacked) = unpack_packages(programs)? {
        add_packages(&mut tree, programs, &unpacked)?;
    }
    finish(image, &tree, "initrd")
}

/// Writes the initramfs of a guest whose start is measured.
///
/// # Errors
/// If a file cannot be read or written.
pub fn of_boot(image: &Image) -> Result<PathBuf> {
    let mut tree = Tree::default();
    add(&mut tree, "bench/boot", &build::sources().join("boot.sh"))?;
    finish(image, &tree, "initrd-boot")
}

/// The directory on the host with the programs' input files, all of them written.
///
/// # Errors
/// If one cannot be written.
pub fn data_directory() -> Result<PathBuf> {
    let directory = build::directory().join("data");
    fs::create_dir_all(&directory)?;
    fs::write(directory.join("text"), packages::text())?;
    for file in files(&build::sources().join("data"))? {
        fs::copy(&file, directory.join(file.file_name().unwrap_or_default()))?;
    }
    Ok(directory)
}

fn own_names(programs: &[Program]) -> impl Iterator<Item = &'static str> {
    let own = programs
        .iter()
        .filter(|program| !matches!(program.origin, Origin::Package(_)));
    own.map(|program| program.name)
        .chain(std::iter::once(build::COMMAND))
}

fn add_packages(tree: &mut Tree, programs: &[Program], unpacked: &Unpacked) -> Result<()> {
    let mut executables = Vec::new();
    for program in programs {
        let Origin::Package(packaged) = program.origin else {
            continue;
        };
        let executable = unpacked.file(packaged.program)?;
        add(tree, &under_root(packaged.program), &executable)?;
        executables.push(executable);
        for directory in packaged.directories {
            for file in files(&unpacked.file(directory)?)? {
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                add(tree, &under_root(&format!("{directory}/{name}")), &file)?;
            }
        }
    }
    let directories = [
        unpacked.root().join("usr").join(LIBRARIES),
        unpacked.root().join("usr/lib"),
    ];
    for (name, file) in elf::libraries(&executables, &directories)? {
        let directory = if name == LOADER { "lib" } else { LIBRARIES };
        add(tree, &format!("{directory}/{name}"), &file)?;
    }
    // Programs that need no library need the loader still.
    let loader = unpacked.file(&format!("usr/lib/{LOADER}"))?;
    add(tree, &format!("lib/{LOADER}"), &loader)
}

fn under_root(path: &str) -> String {
    format!("{BASE}/root/{path}")
}

fn add(tree: &mut Tree, path: &str, file: &Path) -> Result<()> {
    let data = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    tree.add_with_parents(path, Entry::program(data));
    Ok(())
}

/// The regular files of a directory, by name.
fn files(directory: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(directory)
        .with_context(|| format!("cannot read the directory {}", directory.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn finish(image: &Image, tree: &Tree, name: &str) -> Result<PathBuf> {
    let mut archive = fs::read(&image.initrd)
        .with_context(|| format!("cannot read {}", image.initrd.display()))?;
    // Each archive starts at a multiple of four bytes.
    archive.resize(archive.len().next_multiple_of(4), 0);
    tree.write(&mut archive)?;
    let path = build::directory().join(name);
    fs::create_dir_all(build::directory())?;
    fs::write(&path, archive).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}
