//! The guest code, taken from the default guest in the user's cache.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use vm_core::GuestArch;
use vm_image::{Image, ImageRef, PullOptions, Silent, default_cache_dir};

use crate::code::{BUSYBOX, GuestCode, KERNEL};

/// Path of busybox in the initial root file system.
const MEMBER: &str = "bin/busybox";
/// Names a directory with other guest code to use.
pub const VARIABLE: &str = "TRINE_BENCH_CODE";

/// The code of the default guest, which is fetched if it is not cached; or that in
/// the directory that [`VARIABLE`] names.
///
/// # Errors
/// If it cannot be fetched or read.
pub fn guest_code() -> Result<GuestCode> {
    if let Some(directory) = std::env::var_os(VARIABLE) {
        return GuestCode::load(Path::new(&directory)).with_context(|| format!("${VARIABLE}"));
    }
    let image = default_guest()?;
    let read =
        |path: &Path| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let initrd = read(&image.initrd)?;
    let busybox = member(&initrd, MEMBER)
        .with_context(|| format!("{} holds no {MEMBER}", image.initrd.display()))?;
    Ok(GuestCode {
        kernel: read(&image.kernel)?,
        busybox: busybox.to_vec(),
    })
}

fn default_guest() -> Result<Image> {
    let options = PullOptions::new(GuestArch::Riscv64, default_cache_dir()?);
    let name = ImageRef::default_image();
    vm_image::ensure(&name, &options, &Silent).with_context(|| {
        format!("the benchmarks run code of the default guest {name}, which cannot be fetched")
    })
}

/// Writes the code to a directory, for [`GuestCode::load`], unless it is there.
///
/// # Errors
/// If it cannot be had or written.
pub fn unpack(directory: &Path) -> Result<()> {
    let code = guest_code()?;
    fs::create_dir_all(directory)?;
    for (name, bytes) in [(KERNEL, &code.kernel), (BUSYBOX, &code.busybox)] {
        let path = directory.join(name);
        if fs::read(&path).is_ok_and(|old| old == *bytes) {
            continue;
        }
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Bytes of a header of the archive (cpio's "new ASCII" format), before the name.
const HEADER: usize = 110;

/// A file in an uncompressed archive of an initial root file system.
fn member<'a>(archive: &'a [u8], path: &str) -> Option<&'a [u8]> {
    let mut at = 0_usize;
    loop {
        let header = archive.get(at..at.checked_add(HEADER)?)?;
        let field = |n: usize| {
            let digits = str::from_utf8(header.get(6 + 8 * n..14 + 8 * n)?).ok()?;
            usize::from_str_radix(digits, 16).ok()
        };
        let (size, name_size) = (field(6)?, field(11)?);
        let name = archive
            .get(at + HEADER..)?
            .get(..name_size.checked_sub(1)?)?;
        let data = (at + HEADER + name_size).next_multiple_of(4);
        if name == path.as_bytes() {
            return archive.get(data..)?.get(..size);
        }
        at = data.checked_add(size)?.next_multiple_of(4);
    }
}

#[cfg(test)]
mod tests {
    use vm_image::cpio::{Entry, Tree};

    use super::*;

    #[test]
    fn members_are_found() {
        let mut tree = Tree::default();
        tree.add_with_parents("bin/first", Entry::program(*b"one"));
        tree.add_with_parents(MEMBER, Entry::program(*b"other"));
        let mut archive = Vec::new();
        tree.write(&mut archive).unwrap();
        assert_eq!(member(&archive, MEMBER), Some(&b"other"[..]));
        assert_eq!(member(&archive, "bin/none"), None);
        assert_eq!(member(&archive[..200], MEMBER), None);
    }
}
