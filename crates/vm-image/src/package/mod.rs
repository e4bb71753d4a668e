//! Debian packages: reading the files of a `.deb` (deb(5)).

mod compression;
mod zstd;

use std::{
    fs::File,
    io::{self, Read, Write},
    path::Path,
};

use crate::{ImageError, Progress};
pub use compression::{decompress, read_text};

/// More than any kernel package unpacks to: a damaged or hostile package must not fill
/// the disk.
const MAX_UNPACKED: u64 = 2 << 30;

/// A regular file of a package, while the package is being read.
pub struct PackageFile<'a> {
    /// The path from the root, without a leading slash.
    pub path: &'a str,
    /// Its contents.
    pub contents: &'a mut dyn Read,
}

/// Why a copy of a package's contents broke off: what is wrong with the package must
/// not be said of the disk, nor the other way round.
#[derive(Debug)]
pub enum CopyError {
    /// The contents cannot be read.
    Read(io::Error),
    /// The copy cannot be written.
    Write(io::Error),
}

impl CopyError {
    /// As an error about `what`, such as a package, or about the file at `path`.
    pub fn explain(self, what: impl Into<String>, path: &Path) -> ImageError {
        match self {
            Self::Read(error) => ImageError::malformed(what, error),
            Self::Write(error) => ImageError::io("write", path, error),
        }
    }
}

/// Copies all of `from`; returns how much that was.
pub fn copy(from: &mut dyn Read, to: &mut dyn Write) -> Result<u64, CopyError> {
    let mut buffer = vec![0; 64 << 10];
    let mut total = 0;
    loop {
        let part = match from.read(&mut buffer) {
            Ok(0) => return Ok(total),
            Ok(count) => buffer.get(..count).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(CopyError::Read(error)),
        };
        to.write_all(part).map_err(CopyError::Write)?;
        total += part.len() as u64;
    }
}

impl PackageFile<'_> {
    /// The contents in memory.
    pub fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut data = Vec::new();
        self.contents.read_to_end(&mut data)?;
        Ok(data)
    }
}

/// Calls `visit` for every regular file of the package at `path`. The progress counts
/// the package's own bytes.
///
/// Nothing is written by the names in the package, which is why links need no care
/// here; a name that would lead out of the root is an error all the same, because no
/// honest package has one.
///
/// # Errors
/// [`ImageError::Malformed`] for a package that is truncated, too large or not one;
/// errors of `visit`.
pub fn visit_files(
    path: &Path,
    progress: &dyn Progress,
    visit: &mut dyn FnMut(PackageFile<'_>) -> Result<(), ImageError>,
) -> Result<(), ImageError> {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let what = format!("package {name}");
    let malformed = |cause: String| ImageError::malformed(what.clone(), cause);
    let file = File::open(path).map_err(|e| ImageError::io("open", path, e))?;
    let mut members = ar::Archive::new(Counted {
        inner: file,
        progress,
    });
    while let Some(member) = members.next_entry() {
        let member = member.map_err(|e| malformed(e.to_string()))?;
        let member_name = String::from_utf8_lossy(member.header().identifier()).into_owned();
        let Some(extension) = member_name.strip_prefix("data.tar") else {
            continue;
        };
        let data =
            compression::decompress(extension, member).map_err(|e| malformed(e.to_string()))?;
        return visit_tar(&what, data.take(MAX_UNPACKED), visit);
    }
    Err(malformed("it has no member data.tar".to_owned()))
}

/// A reader that reports what is read.
struct Counted<'a, R> {
    inner: R,
    progress: &'a dyn Progress,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.progress.advance(count as u64);
        Ok(count)
    }
}

fn visit_tar(
    what: &str,
    data: impl Read,
    visit: &mut dyn FnMut(PackageFile<'_>) -> Result<(), ImageError>,
) -> Result<(), ImageError> {
    let malformed = |e: std::io::Error| ImageError::malformed(what, e);
    let mut archive = tar::Archive::new(data);
    for entry in archive.entries().map_err(malformed)? {
        let mut entry = entry.map_err(malformed)?;
        let raw = entry.path_bytes().into_owned();
        let Some(path) = plain_path(&raw) else {
            let name = String::from_utf8_lossy(&raw);
            return Err(ImageError::malformed(
                what,
                format!("`{name}` leads out of its root"),
            ));
        };
        if entry.header().entry_type().is_file() {
            visit(PackageFile {
                path: &path,
                contents: &mut entry,
            })?;
        }
    }
    Ok(())
}

/// The path without `./` and empty parts; `None` if it is absolute or climbs.
fn plain_path(raw: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(raw);
    let mut parts = Vec::new();
    if text.starts_with('/') {
        return None;
    }
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => return None,
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
