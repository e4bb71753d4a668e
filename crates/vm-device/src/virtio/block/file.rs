//! Disk contents in a raw file or host block device.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use tracing::warn;
use vm_core::file::{FileAt as _, is_block_device};

use super::{BlockBackend, BlockError, SECTOR_LEN};
use crate::os;

/// Zeros written at once where the host cannot zero a range by itself.
static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];

/// A raw file, locked against other users while it is open. If it ends within a
/// sector, zeros follow; a guest that writes there makes the file longer.
#[derive(Debug)]
pub struct FileBackend {
    file: File,
    path: PathBuf,
    /// The length of the file when it was opened, in bytes.
    stored: u64,
    read_only: bool,
}

impl FileBackend {
    /// Opens and locks the file: shared with other readers if `read_only`,
    /// else exclusively.
    ///
    /// # Errors
    /// [`BlockError`] if it cannot be opened, is no file, is empty, or is in use.
    pub fn open(path: &Path, read_only: bool) -> Result<Self, BlockError> {
        let open_error = |source| BlockError::Open {
            path: path.to_owned(),
            source,
        };
        // Opening a FIFO would wait for its other end, so look first.
        let metadata = std::fs::metadata(path).map_err(open_error)?;
        if !metadata.is_file() && !is_block_device(&metadata) {
            return Err(BlockError::NotAnImage {
                path: path.to_owned(),
            });
        }
        let mut file = OpenOptions::new()
            .read(true)
            .write(!read_only)
            .open(path)
            .map_err(open_error)?;
        lock(&file, path, read_only)?;
        // A block device's metadata gives no length.
        let stored = file.seek(SeekFrom::End(0)).map_err(open_error)?;
        if stored == 0 {
            return Err(BlockError::Empty {
                path: path.to_owned(),
            });
        }
        if !stored.is_multiple_of(SECTOR_LEN) {
            warn!(
                "disk image `{}` has {stored} bytes, no multiple of {SECTOR_LEN}: \
                 zeros follow to the end of the last sector",
                path.display()
            );
        }
        Ok(Self {
            file,
            path: path.to_owned(),
            stored,
            read_only,
        })
    }

    /// The open file.
    pub fn file(&self) -> &File {
        &self.file
    }

    pub(super) fn zero_by_writing(&self, mut offset: u64, len: u64) -> io::Result<()> {
        let mut left = len;
        while left > 0 {
            let count = left.min(ZEROS.len() as u64);
            // At most ZEROS.len(), hence a usize.
            self.write_at(offset, &ZEROS[..count as usize])?;
            offset += count;
            left -= count;
        }
        Ok(())
    }
}

fn lock(file: &File, path: &Path, read_only: bool) -> Result<(), BlockError> {
    let locked = if read_only {
        file.try_lock_shared()
    } else {
        file.try_lock()
    };
    match locked {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(BlockError::InUse {
            path: path.to_owned(),
            read_only,
        }),
        Err(TryLockError::Error(error)) => {
            // Some network file systems have no locks; the disk is still usable.
            warn!(
                "disk image `{}` cannot be locked against other programs: {error}",
                path.display()
            );
            Ok(())
        }
    }
}

impl BlockBackend for FileBackend {
    fn len(&self) -> u64 {
        // A file of the host is far from 2^64 bytes long.
        self.stored.next_multiple_of(SECTOR_LEN)
    }

    fn read_only(&self) -> bool {
        self.read_only
    }

    fn describe(&self) -> String {
        format!("`{}`", self.path.display())
    }

    fn read_at(&self, offset: u64, data: &mut [u8]) -> io::Result<()> {
        let stored = self.stored.saturating_sub(offset);
        let stored = data
            .len()
            .min(usize::try_from(stored).unwrap_or(usize::MAX));
        let (stored, padding) = data.split_at_mut(stored);
        self.file.read_exact_at(stored, offset)?;
        if !padding.is_empty() {
            padding.fill(0);
            self.file
                .read_to_end_at(padding, offset + stored.len() as u64)?;
        }
        Ok(())
    }

    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write_all_at(data, offset)
    }

    fn flush(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn discard(&self, offset: u64, len: u64) -> io::Result<()> {
        if os::punch(&self.file, offset, len)? {
            return Ok(());
        }
        self.zero_by_writing(offset, len)
    }

    fn write_zeroes(&self, offset: u64, len: u64) -> io::Result<()> {
        if os::zero(&self.file, offset, len)? {
            return Ok(());
        }
        self.zero_by_writing(offset, len)
    }
}
