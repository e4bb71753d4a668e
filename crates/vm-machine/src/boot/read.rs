//! Reads files that are not trusted to be of any particular size or kind.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use vm_core::GuestArch;

use super::{BootError, Content, gzip};
use crate::{
    config::{ByteSize, Setting},
    files::Files,
};

/// An ELF file may be larger than its program, by what describes it: this much
/// is read for any machine.
const MAX_DESCRIBED: ByteSize = ByteSize::mib(1 << 10);

/// A file that a setting names, and what it may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    /// The setting that names it.
    pub(super) setting: Setting,
    /// The file.
    pub(super) path: &'a Path,
    /// The machine's architecture.
    pub(super) arch: GuestArch,
    /// The machine's RAM: nothing larger is unpacked, or read from a pipe.
    pub(super) memory: ByteSize,
    /// Whether somebody wants to know the names of its code.
    pub(super) names: bool,
}

impl Source<'_> {
    /// The file as it is. It is opened here and nowhere else, as a pipe must
    /// be; what is no regular file is read to its end.
    pub(super) fn open(&self, files: &mut Files) -> Result<Content, BootError> {
        let file = File::open(self.path).map_err(|cause| self.unreadable(cause))?;
        let who = format!("{} {}", self.setting, self.path.display());
        files
            .read(who, &file)
            .map_err(|cause| self.unreadable(cause))?;
        let metadata = file.metadata().map_err(|cause| self.unreadable(cause))?;
        if metadata.is_dir() {
            return Err(self.format("this is a directory: name a file"));
        }
        // Files that the host makes up have no length, and yet contents.
        if metadata.is_file() && metadata.len() > 0 {
            return Ok(Content::File {
                file: Arc::new(file),
                len: metadata.len(),
            });
        }
        let bytes = self.read_limited(file, self.memory.0)?;
        if bytes.is_empty() {
            return Err(self.format("the file is empty"));
        }
        Ok(Content::Bytes(bytes))
    }

    /// The file, unpacked if it is a gzip file.
    pub(super) fn open_unpacked(&self, files: &mut Files) -> Result<Content, BootError> {
        let content = self.open(files)?;
        if !gzip::is_gzip(&self.begin(&content, 2)?) {
            return Ok(content);
        }
        let unpacked = gzip::unpack(content.reader(), self.memory.0)
            .map_err(|cause| self.format(format!("the gzip data is damaged: {cause}")))?;
        let len = unpacked.bytes.len() as u64;
        if len > self.memory.0 {
            return Err(self.too_large(len));
        }
        if unpacked.junk {
            let (setting, path) = (self.setting, self.path.display());
            tracing::warn!("{setting} {path}: trailing garbage after the gzip data is ignored");
        }
        Ok(Content::Bytes(unpacked.bytes))
    }

    /// The first `len` bytes of its content, or all if there are fewer.
    pub(super) fn begin(&self, content: &Content, len: u64) -> Result<Vec<u8>, BootError> {
        content.begin(len).map_err(|cause| self.unreadable(cause))
    }

    /// All of its content, for a format in which a program takes less memory
    /// than its file.
    pub(super) fn bytes(&self, content: Content) -> Result<Vec<u8>, BootError> {
        match content {
            Content::Bytes(bytes) => Ok(bytes),
            Content::File { len, .. } => {
                let limit = self.memory.max(MAX_DESCRIBED);
                if len > limit.0 {
                    let cause = format!("the file has more than {limit}: remove its debug symbols");
                    return Err(self.format(cause));
                }
                self.read_limited(content.reader(), limit.0)
            }
        }
    }

    fn read_limited(&self, reader: impl Read, limit: u64) -> Result<Vec<u8>, BootError> {
        let mut bytes = Vec::new();
        match reader.take(limit.saturating_add(1)).read_to_end(&mut bytes) {
            Ok(len) if len as u64 > limit => Err(self.too_large(len as u64)),
            Ok(_) => Ok(bytes),
            Err(cause) => Err(self.unreadable(cause)),
        }
    }

    fn unreadable(&self, cause: io::Error) -> BootError {
        BootError::Read {
            setting: self.setting,
            path: self.path.to_owned(),
            cause,
        }
    }

    pub(super) fn format(&self, cause: impl Into<String>) -> BootError {
        BootError::Format {
            setting: self.setting,
            path: self.path.to_owned(),
            cause: cause.into(),
        }
    }

    pub(super) fn too_large(&self, needed: u64) -> BootError {
        BootError::TooLarge {
            setting: self.setting,
            path: PathBuf::from(self.path),
            needed,
            memory: self.memory,
        }
    }
}

#[cfg(test)]
mod tests;
