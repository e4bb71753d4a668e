//! The archive format of an initramfs: cpio in its "newc" form
//! (Linux, Documentation/driver-api/early-userspace/buffer-format.rst).

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

/// A file of an archive. Everything belongs to root and dates from 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A directory.
    Directory {
        /// Its permissions.
        mode: u32,
    },
    /// A regular file.
    File {
        /// Its permissions.
        mode: u32,
        /// Its contents.
        data: Vec<u8>,
    },
    /// A symbolic link.
    Link {
        /// Where it points.
        target: String,
    },
    /// A character device.
    CharDevice {
        /// Its permissions.
        mode: u32,
        /// The number of its driver.
        major: u32,
        /// The number of the device.
        minor: u32,
    },
}

impl Entry {
    /// A file that everyone may read.
    pub fn file(data: impl Into<Vec<u8>>) -> Self {
        Self::File {
            mode: 0o644,
            data: data.into(),
        }
    }

    /// A file that everyone may run.
    pub fn program(data: impl Into<Vec<u8>>) -> Self {
        Self::File {
            mode: 0o755,
            data: data.into(),
        }
    }

    /// A symbolic link.
    pub fn link(target: &str) -> Self {
        Self::Link {
            target: target.to_owned(),
        }
    }

    /// The whole `st_mode`: type and permissions.
    fn mode(&self) -> u32 {
        match self {
            Self::Directory { mode } => 0o040_000 | mode,
            Self::File { mode, .. } => 0o100_000 | mode,
            Self::Link { .. } => 0o120_777,
            Self::CharDevice { mode, .. } => 0o020_000 | mode,
        }
    }

    fn data(&self) -> &[u8] {
        match self {
            Self::File { data, .. } => data,
            Self::Link { target } => target.as_bytes(),
            Self::Directory { .. } | Self::CharDevice { .. } => &[],
        }
    }

    fn device(&self) -> (u32, u32) {
        match self {
            Self::CharDevice { major, minor, .. } => (*major, *minor),
            _ => (0, 0),
        }
    }
}

/// Files by path, sorted, so that a directory comes before what it holds.
#[derive(Debug, Default)]
pub struct Tree {
    entries: BTreeMap<String, Entry>,
}

impl Tree {
    /// Adds a file at a path without a leading slash, or replaces what is there.
    pub fn add(&mut self, path: &str, entry: Entry) {
        self.entries.insert(path.to_owned(), entry);
    }

    /// Adds a file and the directories above it.
    pub fn add_with_parents(&mut self, path: &str, entry: Entry) {
        for (at, _) in path.match_indices('/') {
            let parent = path.get(..at).unwrap_or_default().to_owned();
            self.entries
                .entry(parent)
                .or_insert(Entry::Directory { mode: 0o755 });
        }
        self.add(path, entry);
    }

    /// Writes the archive.
    ///
    /// # Errors
    /// Those of `out`; [`io::ErrorKind::FileTooLarge`] for a file of 4 GiB or more, which
    /// the format cannot hold.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        for (number, (path, entry)) in (1..).zip(&self.entries) {
            let header = Header {
                inode: number,
                mode: entry.mode(),
                links: if matches!(entry, Entry::Directory { .. }) {
                    2
                } else {
                    1
                },
                device: entry.device(),
            };
            header.write(path, entry.data(), out)?;
        }
        let end = Header {
            inode: 0,
            mode: 0,
            links: 1,
            device: (0, 0),
        };
        end.write("TRAILER!!!", &[], out)
    }
}

struct Header {
    inode: u32,
    mode: u32,
    links: u32,
    device: (u32, u32),
}

/// The length of the magic number and the 13 fields of eight digits.
const HEADER_LENGTH: usize = 6 + 13 * 8;

impl Header {
    fn write(&self, path: &str, data: &[u8], out: &mut dyn Write) -> io::Result<()> {
        let length = u32::try_from(data.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
        // The name counts with the zero byte that ends it.
        let name_length = u32::try_from(path.len() + 1).map_err(|_| io::ErrorKind::FileTooLarge)?;
        let (major, minor) = self.device;
        write!(out, "070701")?;
        // Inode, mode, owner, group, links, time, size, device of the file system,
        // device that the file is, length of the name, unused checksum.
        for field in [
            self.inode,
            self.mode,
            0,
            0,
            self.links,
            0,
            length,
            0,
            0,
            major,
            minor,
            name_length,
            0,
        ] {
            write!(out, "{field:08X}")?;
        }
        out.write_all(path.as_bytes())?;
        out.write_all(&[0])?;
        pad(HEADER_LENGTH + path.len() + 1, out)?;
        out.write_all(data)?;
        pad(data.len(), out)
    }
}

/// Writes zeroes up to the next multiple of four.
fn pad(length: usize, out: &mut dyn Write) -> io::Result<()> {
    let zeroes = [0; 3];
    out.write_all(
        zeroes
            .get(..length.next_multiple_of(4) - length)
            .unwrap_or_default(),
    )
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A file read back from an archive.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct ReadBack {
        pub path: String,
        pub mode: u32,
        pub inode: u32,
        pub device: (u32, u32),
        pub data: Vec<u8>,
    }

    /// Reads an archive, independently of how it was written.
    pub fn read(archive: &[u8]) -> Vec<ReadBack> {
        let mut files = Vec::new();
        let mut at = 0;
        loop {
            assert_eq!(&archive[at..at + 6], b"070701");
            let field = |n: usize| {
                let text = std::str::from_utf8(&archive[at + 6 + 8 * n..][..8]).unwrap();
                u32::from_str_radix(text, 16).unwrap()
            };
            let (size, name_size) = (field(6) as usize, field(11) as usize);
            let name = &archive[at + 110..][..name_size - 1];
            let data_at = (at + 110 + name_size).next_multiple_of(4);
            let path = String::from_utf8(name.to_vec()).unwrap();
            let next = (data_at + size).next_multiple_of(4);
            if path == "TRAILER!!!" {
                assert_eq!(next, archive.len());
                return files;
            }
            files.push(ReadBack {
                path,
                mode: field(1),
                inode: field(0),
                device: (field(9), field(10)),
                data: archive[data_at..][..size].to_vec(),
            });
            at = next;
        }
    }

    fn written(tree: &Tree) -> Vec<u8> {
        let mut out = Vec::new();
        tree.write(&mut out).unwrap();
        out
    }

    #[test]
    fn every_kind_of_file_comes_back() {
        let mut tree = Tree::default();
        tree.add_with_parents("a/b/file", Entry::file("text"));
        tree.add("a/link", Entry::link("b/file"));
        tree.add(
            "null",
            Entry::CharDevice {
                mode: 0o666,
                major: 1,
                minor: 3,
            },
        );
        let files = read(&written(&tree));
        let found: Vec<_> = files
            .iter()
            .map(|f| (f.path.as_str(), f.mode, f.data.as_slice()))
            .collect();
        assert_eq!(
            found,
            [
                ("a", 0o040_755, &b""[..]),
                ("a/b", 0o040_755, b""),
                ("a/b/file", 0o100_644, b"text"),
                ("a/link", 0o120_777, b"b/file"),
                ("null", 0o020_666, b""),
            ]
        );
        assert_eq!(files[4].device, (1, 3));
        let inodes: Vec<_> = files.iter().map(|f| f.inode).collect();
        assert_eq!(inodes, [1, 2, 3, 4, 5]);
    }

    #[test]
    fn parents_keep_their_own_mode() {
        let mut tree = Tree::default();
        tree.add("root", Entry::Directory { mode: 0o700 });
        tree.add_with_parents("root/x", Entry::program(""));
        let modes: Vec<_> = read(&written(&tree)).iter().map(|f| f.mode).collect();
        assert_eq!(modes, [0o040_700, 0o100_755]);
    }

    proptest! {
        #[test]
        fn any_tree_comes_back(files in proptest::collection::btree_map(
            "[a-z]{1,9}", proptest::collection::vec(any::<u8>(), 0..40), 0..8
        )) {
            let mut tree = Tree::default();
            for (path, data) in &files {
                tree.add(path, Entry::file(data.as_slice()));
            }
            let found = read(&written(&tree)).into_iter().map(|f| (f.path, f.data)).collect();
            prop_assert_eq!(files, found);
        }
    }
}
