//! What is copied into guest memory.

use std::{fmt, fs::File, io, os::unix::fs::FileExt, sync::Arc};

use vm_core::GuestPhysAddr;
use vm_mem::GuestRam;

use super::BootError;

/// Bytes that are copied at a time.
const CHUNK: usize = 64 << 10;

/// Bytes that belong into guest memory.
#[derive(Clone)]
pub enum Content {
    /// Here they are.
    Bytes(Vec<u8>),
    /// They are read again when they are needed: files of this size would
    /// otherwise be held for a reset that seldom comes.
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

    /// Copies them to `addr`.
    ///
    /// # Errors
    /// [`BootError`] if they do not fit or the file has become shorter.
    pub fn load(&self, ram: &GuestRam, addr: u64) -> Result<(), BootError> {
        match self {
            Self::Bytes(bytes) => Ok(ram.write(GuestPhysAddr(addr), bytes)?),
            Self::File { file, len } => load_file(file, *len, ram, addr),
        }
    }
}

fn load_file(file: &File, len: u64, ram: &GuestRam, addr: u64) -> Result<(), BootError> {
    let mut buffer = vec![0; CHUNK];
    let mut done = 0;
    while done < len {
        let wanted = (len - done).min(CHUNK as u64) as usize;
        let part = buffer.get_mut(..wanted).unwrap_or_default();
        file.read_exact_at(part, done)
            .map_err(|cause| BootError::Changed {
                cause: match cause.kind() {
                    io::ErrorKind::UnexpectedEof => "it has become shorter".to_owned(),
                    _ => cause.to_string(),
                },
            })?;
        ram.write(GuestPhysAddr(addr.wrapping_add(done)), part)?;
        done += wanted as u64;
    }
    Ok(())
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
