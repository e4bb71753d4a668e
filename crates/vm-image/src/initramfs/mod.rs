//! The initial root file system: busybox, modules and a small `/init`.

mod busybox;
pub mod cpio;

use std::io::Write;

use crate::{
    ImageError,
    guest::{INIT, PROFILE},
    kernel::ModuleSet,
};
use cpio::{Entry, Tree};

#[cfg(test)]
pub(crate) use {busybox::tests::fake_busybox, cpio::tests::read as read_archive};

/// What an initramfs is made from.
#[derive(Debug)]
pub struct Ingredients<'a> {
    /// The static busybox program.
    pub busybox: &'a [u8],
    /// The kernel's release.
    pub release: &'a str,
    /// The modules to hold.
    pub modules: &'a ModuleSet,
    /// The names of what is built into the kernel, as its package lists them.
    pub builtin: &'a str,
    /// One line about the image's origin, for `/etc/issue`.
    pub description: &'a str,
}

/// Writes the archive, which depends on the ingredients alone: not on the time, nor on
/// who makes it.
///
/// It is not compressed: unpacking would be the guest's work, at every start.
///
/// # Errors
/// [`ImageError::Missing`] if busybox lacks a command that `/init` needs,
/// [`ImageError::Malformed`] if it is not busybox, errors of `out`.
pub fn write(ingredients: &Ingredients<'_>, out: &mut dyn Write) -> Result<(), ImageError> {
    let tree = build(ingredients)?;
    tree.write(out)
        .map_err(|e| ImageError::io("write", "the initramfs", e))
}

fn build(ingredients: &Ingredients<'_>) -> Result<Tree, ImageError> {
    let mut tree = Tree::default();
    for (path, mode) in [
        ("bin", 0o755),
        ("dev", 0o755),
        ("etc", 0o755),
        ("mnt", 0o755),
        ("proc", 0o555),
        ("root", 0o700),
        ("run", 0o755),
        ("sys", 0o555),
        ("tmp", 0o1777),
        ("usr", 0o755),
    ] {
        tree.add(path, Entry::Directory { mode });
    }
    for (path, target) in [
        ("sbin", "bin"),
        ("usr/bin", "../bin"),
        ("usr/sbin", "../bin"),
        ("etc/mtab", "/proc/mounts"),
    ] {
        tree.add(path, Entry::link(target));
    }
    // Both must exist before anything is mounted: the kernel opens the console for
    // /init, which discards output before devtmpfs is there.
    tree.add(
        "dev/console",
        Entry::CharDevice {
            mode: 0o600,
            major: 5,
            minor: 1,
        },
    );
    tree.add(
        "dev/null",
        Entry::CharDevice {
            mode: 0o666,
            major: 1,
            minor: 3,
        },
    );
    tree.add("init", Entry::program(INIT));
    tree.add("etc/profile", Entry::file(PROFILE));
    tree.add("etc/passwd", Entry::file("root::0:0:root:/root:/bin/sh\n"));
    tree.add("etc/group", Entry::file("root:x:0:\ntty:x:5:\n"));
    tree.add(
        "etc/hosts",
        Entry::file("127.0.0.1 localhost trine\n::1 localhost\n"),
    );
    tree.add(
        "etc/issue",
        Entry::file(format!("{}\n", ingredients.description)),
    );
    add_busybox(&mut tree, ingredients.busybox)?;
    add_modules(&mut tree, ingredients);
    Ok(tree)
}

fn add_busybox(tree: &mut Tree, busybox: &[u8]) -> Result<(), ImageError> {
    for applet in busybox::applets(busybox)? {
        tree.add(&format!("bin/{applet}"), Entry::link("busybox"));
    }
    // Last, because busybox is an applet of itself.
    tree.add("bin/busybox", Entry::program(busybox));
    Ok(())
}

fn add_modules(tree: &mut Tree, ingredients: &Ingredients<'_>) {
    let root = format!("lib/modules/{}", ingredients.release);
    for module in ingredients.modules.iter() {
        tree.add_with_parents(
            &format!("{root}/{}", module.path),
            Entry::file(&module.data[..]),
        );
    }
    for (name, table) in [
        ("modules.dep", ingredients.modules.dependency_table()),
        ("modules.alias", ingredients.modules.alias_table()),
        ("modules.softdep", ingredients.modules.softdep_table()),
        ("modules.builtin", ingredients.builtin.to_owned()),
    ] {
        tree.add_with_parents(&format!("{root}/{name}"), Entry::file(table));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive() -> Vec<u8> {
        let modules = ModuleSet::default();
        let ingredients = Ingredients {
            busybox: &busybox::tests::fake_busybox(),
            release: "6.1-test",
            modules: &modules,
            builtin: "kernel/x.ko\n",
            description: "made for a test",
        };
        let mut out = Vec::new();
        write(&ingredients, &mut out).unwrap();
        out
    }

    #[test]
    fn the_archive_holds_what_a_start_needs() {
        let entries = cpio::tests::read(&archive());
        let get = |path: &str| {
            entries
                .iter()
                .find(|e| e.path == path)
                .unwrap_or_else(|| panic!("{path}"))
        };
        assert_eq!(get("init").mode, 0o100_755);
        assert!(get("init").data.starts_with(b"#!/bin/sh\n"));
        assert_eq!(
            (get("dev/console").mode, get("dev/console").device),
            (0o020_600, (5, 1))
        );
        assert_eq!(get("bin/sh").data, b"busybox");
        assert_eq!(get("bin/busybox").mode, 0o100_755);
        assert_eq!(get("tmp").mode, 0o041_777);
        assert_eq!(
            get("lib/modules/6.1-test/modules.builtin").data,
            b"kernel/x.ko\n"
        );
        assert_eq!(get("etc/issue").data, b"made for a test\n");
        // Directories come before what is in them.
        let position = |path: &str| entries.iter().position(|e| e.path == path).unwrap();
        assert!(position("lib") < position("lib/modules"));
        assert!(position("lib/modules/6.1-test") < position("lib/modules/6.1-test/modules.dep"));
    }

    #[test]
    fn the_same_ingredients_make_the_same_archive() {
        assert_eq!(archive(), archive());
    }

    #[test]
    fn init_uses_only_commands_that_are_asked_for() {
        for command in busybox::NEEDED {
            assert!(INIT.contains(command), "{command} is needed by nothing");
        }
    }
}
