//! A small Debian archive in a directory.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::{
    deb::{deb, xz},
    keys::TestKey,
};
use crate::{digest::Sha256, guest::MODULES, initramfs::fake_busybox, kernel::module_with};

/// The release of the fake kernel.
pub const KERNEL_RELEASE: &str = "6.12.1+test-riscv64";
/// The fake kernel's contents.
pub const KERNEL: &[u8] = b"a kernel image";

/// An archive under construction: change its parts, then write it.
pub struct FakeArchive {
    /// What signs the release.
    pub key: TestKey,
    /// The fields of the release file before its digests.
    pub release_fields: String,
    /// The packages: name, version, dependencies and contents.
    pub packages: Vec<FakePackage>,
    /// Whether indexes can be had by their digest.
    pub by_hash: bool,
}

/// A package of the archive.
pub struct FakePackage {
    pub name: String,
    pub version: &'static str,
    pub depends: String,
    pub deb: Vec<u8>,
}

/// An archive that has been written.
pub struct WrittenArchive {
    /// The archive's root, and beside it `keyring.asc`.
    pub dir: TempDir,
}

impl FakeArchive {
    /// An archive that an image can be made from.
    pub fn new() -> Self {
        let kernel = format!("linux-image-{KERNEL_RELEASE}");
        let package = |name: &str, depends: &str, deb: Vec<u8>| FakePackage {
            name: name.to_owned(),
            version: "1:2-3",
            depends: depends.to_owned(),
            deb,
        };
        Self {
            key: TestKey::new(1),
            release_fields: "Suite: stable\nCodename: trixie\nVersion: 13.9\n".to_owned(),
            packages: vec![
                package(
                    "linux-image-riscv64",
                    &format!("{kernel} (= 1:2-3)"),
                    deb(&[]),
                ),
                package(&kernel, "kmod, linux-base (>= 4.3~)", kernel_deb(&[])),
                package(
                    "busybox-static",
                    "",
                    deb(&[("./usr/bin/busybox", &fake_busybox())]),
                ),
            ],
            by_hash: true,
        }
    }

    /// The package of that name, to be changed.
    pub fn package(&mut self, prefix: &str) -> &mut FakePackage {
        self.packages
            .iter_mut()
            .rfind(|p| p.name.starts_with(prefix))
            .unwrap()
    }

    /// Writes the archive to a new directory.
    pub fn write(&self) -> WrittenArchive {
        let archive = WrittenArchive {
            dir: tempfile::tempdir().unwrap(),
        };
        let mut index = String::new();
        for p in &self.packages {
            let filename = format!("pool/main/{}_3_riscv64.deb", p.name);
            index.push_str(&format!(
                "Package: {}\nVersion: {}\nDepends: {}\nFilename: {filename}\nSize: {}\nSHA256: {}\n\n",
                p.name, p.version, p.depends, p.deb.len(), Sha256::of(&p.deb)
            ));
            archive.put(&filename, &p.deb);
        }
        let packed = xz(index.as_bytes());
        let dir = "dists/trixie/main/binary-riscv64";
        let digest = Sha256::of(&packed);
        if self.by_hash {
            archive.put(&format!("{dir}/by-hash/SHA256/{digest}"), &packed);
        }
        archive.put(&format!("{dir}/Packages.xz"), &packed);
        let mut release = self.release_fields.clone();
        release.push_str("Acquire-By-Hash: yes\nSHA256:\n");
        release.push_str(&format!(
            " {digest} {} main/binary-riscv64/Packages.xz\n",
            packed.len()
        ));
        archive.put("dists/trixie/InRelease", &self.key.sign(&release));
        fs::write(archive.keyring(), self.key.keyring()).unwrap();
        archive
    }
}

/// A kernel package with all modules that an image needs, and more files.
pub fn kernel_deb(more: &[(&str, &[u8])]) -> Vec<u8> {
    let modules = format!("./usr/lib/modules/{KERNEL_RELEASE}");
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    files.insert("./boot/".to_owned(), Vec::new());
    files.insert(format!("./boot/vmlinux-{KERNEL_RELEASE}"), KERNEL.to_vec());
    files.insert(
        format!("./boot/config-{KERNEL_RELEASE}"),
        b"CONFIG_X=y\n".to_vec(),
    );
    // One is built in, one needs another.
    let builtin = "kernel/drivers/virtio/virtio_pci.ko\n";
    files.insert(format!("{modules}/modules.builtin"), builtin.into());
    for name in MODULES.iter().filter(|name| **name != "virtio_pci") {
        let depends = if *name == "ext4" { "crc16" } else { "" };
        let module = module_with(&format!("depends={depends}\0alias=test-{name}\0"));
        files.insert(format!("{modules}/kernel/{name}.ko.xz"), xz(&module));
    }
    files.insert(
        format!("{modules}/kernel/lib/crc16.ko.xz"),
        xz(&module_with("depends=\0")),
    );
    let mut list: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(path, data)| (path.as_str(), data.as_slice()))
        .collect();
    list.extend(more);
    deb(&list)
}

impl WrittenArchive {
    /// The archive's address on this machine.
    pub fn url(&self) -> String {
        format!("file://{}", self.dir.path().display())
    }

    /// The file with the key that signs the release.
    pub fn keyring(&self) -> PathBuf {
        self.dir.path().join("keyring.asc")
    }

    /// The path of a file in the archive.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file of the archive.
    pub fn put(&self, name: &str, data: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).unwrap();
        fs::write(path, data).unwrap();
    }
}
