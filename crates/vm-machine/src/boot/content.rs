//! What is copied into guest memory.

use std::{
    fmt,
    fs::File,
    io::{self, Read},
    sync::Arc,
};

use vm_core::{GuestPhysAddr, file::FileAt as _};
use vm_mem::GuestRam;

use super::BootError;

/// Bytes that are copied at a time.
const CHUNK: usize = 64 << 10;
static ZEROS: [u8; CHUNK] = [0; CHUNK];

/// Bytes that belong into guest memory.
#[derive(Clone)]
pub enum Content {
    /// Here they are.
    Bytes(Vec<u8>),
    /// They are read when they are needed: files of this size would otherwise
    /// be held for a reset that seldom comes.
    File {
        /// The file, open, so that another one in its place does not matter.
        file: Arc<File>,
        /// How long it is, in bytes.
        len: u64,
    },
}

impl Content {
    /// How many they are.
    pub fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File { len, .. } => *len,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first `len` of them, or all if there are fewer.
    ///
    /// # Errors
    /// Those of reading the file.
    pub(super) fn begin(&self, len: u64) -> io::Result<Vec<u8>> {
        let mut begin = Vec::new();
        self.reader().take(len).read_to_end(&mut begin)?;
        Ok(begin)
    }

    /// Reads them from the first to the last.
    pub(super) fn reader(&self) -> Reader<'_> {
        Reader {
            content: self,
            at: 0,
        }
    }

    /// Copies them to `addr`, where memory is zero.
    ///
    /// # Errors
    /// [`BootError`] if they do not fit or the file has become shorter.
    pub fn load(&self, ram: &GuestRam, addr: u64) -> Result<(), BootError> {
        match self {
            Self::Bytes(bytes) => Ok(ram.write(GuestPhysAddr(addr), bytes)?),
            Self::File { len, .. } => load_file(self.reader(), *len, ram, addr),
        }
    }
}

fn load_file(mut file: Reader<'_>, len: u64, ram: &GuestRam, addr: u64) -> Result<(), BootError> {
    let mut buffer = vec![0; CHUNK];
    let mut done = 0;
    while done < len {
        let wanted = (len - done).min(CHUNK as u64) as usize;
        let part = buffer.get_mut(..wanted).unwrap_or_default();
        file.read_exact(part).map_err(|cause| BootError::Changed {
            cause: match cause.kind() {
                io::ErrorKind::UnexpectedEof => "it has become shorter".to_owned(),
                _ => cause.to_string(),
            },
        })?;
        // A hole of the file takes no memory of the host.
        if ZEROS.get(..wanted) != Some(&*part) {
            ram.write(GuestPhysAddr(addr.wrapping_add(done)), part)?;
        }
        done += wanted as u64;
    }
    Ok(())
}

/// Reads a [`Content`]; several do not disturb each other.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    content: &'a Content,
    at: u64,
}

impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match self.content {
            Content::Bytes(bytes) => {
                let at = usize::try_from(self.at).unwrap_or(usize::MAX);
                bytes.get(at..).unwrap_or_default().read(buffer)?
            }
            Content::File { file, len } => {
                let left = len.saturating_sub(self.at);
                let wanted = buffer
                    .len()
                    .min(usize::try_from(left).unwrap_or(usize::MAX));
                let buffer = buffer.get_mut(..wanted).unwrap_or_default();
                file.read_at(buffer, self.at)?
            }
        };
        self.at += count as u64;
        Ok(count)
    }
}

impl PartialEq for Content {
    /// Files are the same if it is the same handle.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::File { file: a, .. }, Self::File { file: b, .. }) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

impl Eq for Content {}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.len())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn ram() -> GuestRam {
        GuestRam::new(&[(GuestPhysAddr(0), 1 << 20)]).unwrap()
    }

    #[test]
    fn a_file_is_loaded_in_parts_as_often_as_wanted() {
        let bytes: Vec<u8> = (0..2 * CHUNK + 5).map(|n| (n % 251) as u8).collect();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&bytes).unwrap();
        let content = Content::File {
            file: Arc::new(file.reopen().unwrap()),
            len: bytes.len() as u64,
        };
        // Another file in its place does not matter.
        drop(file);
        for _ in 0..2 {
            let ram = ram();
            content.load(&ram, 4096).unwrap();
            let mut seen = vec![0; bytes.len()];
            ram.read(GuestPhysAddr(4096), &mut seen).unwrap();
            assert!(seen == bytes);
        }
    }

    #[test]
    fn a_file_that_has_become_shorter_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(10).unwrap();
        let content = Content::File {
            file: Arc::new(file.reopen().unwrap()),
            len: 11,
        };
        let message = content.load(&ram(), 0).unwrap_err().to_string();
        assert!(message.contains("shorter"), "{message}");
    }
}
