//! Reads files that are not trusted to be of any particular size.

use std::{
    fs::File,
    io::{self, Read},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use flate2::read::MultiGzDecoder;

use super::{BootError, Content};
use crate::config::ByteSize;

/// A file that an option names, and what it may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    /// The option, without dashes.
    pub(super) option: &'static str,
    /// The file.
    pub(super) path: &'a Path,
    /// The machine's RAM: nothing larger is read.
    pub(super) memory: ByteSize,
}

impl Source<'_> {
    /// The whole file, unpacked if it is a gzip file.
    pub(super) fn read_unpacked(&self) -> Result<Vec<u8>, BootError> {
        let bytes = self.read()?;
        if !bytes.starts_with(&[0x1f, 0x8b]) {
            return Ok(bytes);
        }
        self.read_limited(MultiGzDecoder::new(bytes.as_slice()))?
            .map_err(|cause| self.format(format!("the gzip data is damaged: {cause}")))
    }

    /// The whole file.
    pub(super) fn read(&self) -> Result<Vec<u8>, BootError> {
        let failed = |cause| self.unreadable(cause);
        let file = File::open(self.path).map_err(failed)?;
        let bytes = self.read_limited(file)?.map_err(failed)?;
        if bytes.is_empty() {
            return Err(self.format("the file is empty"));
        }
        Ok(bytes)
    }

    /// The file, to be read when it is needed.
    pub(super) fn read_later(&self) -> Result<Content, BootError> {
        let bytes = self.read()?;
        self.keep(bytes)
    }

    /// What [`read_unpacked`](Self::read_unpacked) has returned, in a form that
    /// takes no memory if the file itself is that.
    pub(super) fn keep(&self, bytes: Vec<u8>) -> Result<Content, BootError> {
        let failed = |cause| self.unreadable(cause);
        let file = File::open(self.path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        let len = bytes.len() as u64;
        let mut begin = vec![0; bytes.len().min(64)];
        // A packed file is another, and pipes and devices have no length.
        let is_same = metadata.is_file()
            && metadata.len() == len
            && file.read_exact_at(&mut begin, 0).is_ok()
            && bytes.starts_with(&begin);
        if !is_same {
            return Ok(Content::Bytes(bytes));
        }
        let file = Arc::new(file);
        Ok(Content::File { file, len })
    }

    fn unreadable(&self, cause: io::Error) -> BootError {
        BootError::Read {
            option: self.option,
            path: self.path.to_owned(),
            cause,
        }
    }

    fn read_limited(&self, reader: impl Read) -> Result<io::Result<Vec<u8>>, BootError> {
        let mut bytes = Vec::new();
        let limit = self.memory.0;
        match reader.take(limit.saturating_add(1)).read_to_end(&mut bytes) {
            Ok(len) if len as u64 > limit => Err(self.too_large(len as u64)),
            Ok(_) => Ok(Ok(bytes)),
            Err(cause) => Ok(Err(cause)),
        }
    }

    pub(super) fn format(&self, cause: impl Into<String>) -> BootError {
        BootError::Format {
            option: self.option,
            path: self.path.to_owned(),
            cause: cause.into(),
        }
    }

    pub(super) fn too_large(&self, needed: u64) -> BootError {
        BootError::TooLarge {
            option: self.option,
            path: PathBuf::from(self.path),
            needed,
            memory: self.memory,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write};

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn read_with(content: &[u8], memory: u64) -> Result<Vec<u8>, BootError> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        fs::write(&path, content).unwrap();
        let source = Source {
            option: "kernel",
            path: &path,
            memory: ByteSize(memory),
        };
        source.read_unpacked()
    }

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn unpacks_gzip_and_nothing_else() {
        assert_eq!(read_with(&gzip(b"hello"), 99).unwrap(), b"hello");
        assert_eq!(read_with(b"plain", 99).unwrap(), b"plain");
    }

    #[test]
    fn never_holds_more_than_the_guest_could() {
        assert!(matches!(
            read_with(&[1; 100], 99),
            Err(BootError::TooLarge { .. })
        ));
        let bomb = gzip(&vec![0; 1 << 20]);
        assert!(matches!(
            read_with(&bomb, 1 << 16),
            Err(BootError::TooLarge { .. })
        ));
    }

    #[test]
    fn damage_is_reported_with_the_file() {
        let mut packed = gzip(b"hello hello hello");
        packed.truncate(packed.len() - 4);
        let message = read_with(&packed, 99).unwrap_err().to_string();
        assert!(
            message.starts_with("--kernel ") && message.contains("damaged"),
            "{message}"
        );
        assert!(
            read_with(b"", 99)
                .unwrap_err()
                .to_string()
                .contains("empty")
        );
    }

    #[test]
    fn a_missing_file_is_named() {
        let source = Source {
            option: "initrd",
            path: Path::new("/no/such/file"),
            memory: ByteSize(99),
        };
        let message = source.read().unwrap_err().to_string();
        assert!(message.contains("--initrd /no/such/file"), "{message}");
    }
}
