//! Where a disk's contents are kept.

use std::{io, sync::Arc};

/// The contents of a disk. Offsets and lengths are in bytes; the device asks
/// only for whole sectors inside [`len`](Self::len).
pub trait BlockBackend: Send + Sync {
    /// The size in bytes; does not change.
    fn len(&self) -> u64;

    /// Whether there is nothing.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the contents must not be changed.
    fn read_only(&self) -> bool;

    /// What it is, for messages: a file's name.
    fn describe(&self) -> String;

    /// Fills `data` with the contents at `offset`.
    ///
    /// # Errors
    /// Whatever the host says.
    fn read_at(&self, offset: u64, data: &mut [u8]) -> io::Result<()>;

    /// Replaces the contents at `offset`.
    ///
    /// # Errors
    /// Whatever the host says.
    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()>;

    /// Returns when everything written survives a loss of power.
    ///
    /// # Errors
    /// Whatever the host says.
    fn flush(&self) -> io::Result<()>;

    /// Makes `len` bytes at `offset` read as zero and gives their room back,
    /// where the host can.
    ///
    /// # Errors
    /// Whatever the host says.
    fn discard(&self, offset: u64, len: u64) -> io::Result<()>;

    /// Makes `len` bytes at `offset` read as zero and keeps their room, where
    /// the host can.
    ///
    /// # Errors
    /// Whatever the host says.
    fn write_zeroes(&self, offset: u64, len: u64) -> io::Result<()>;
}

/// A disk outlives the devices that show it, as at a reset.
impl<T: BlockBackend + ?Sized> BlockBackend for Arc<T> {
    fn len(&self) -> u64 {
        (**self).len()
    }

    fn read_only(&self) -> bool {
        (**self).read_only()
    }

    fn describe(&self) -> String {
        (**self).describe()
    }

    fn read_at(&self, offset: u64, data: &mut [u8]) -> io::Result<()> {
        (**self).read_at(offset, data)
    }

    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        (**self).write_at(offset, data)
    }

    fn flush(&self) -> io::Result<()> {
        (**self).flush()
    }

    fn discard(&self, offset: u64, len: u64) -> io::Result<()> {
        (**self).discard(offset, len)
    }

    fn write_zeroes(&self, offset: u64, len: u64) -> io::Result<()> {
        (**self).write_zeroes(offset, len)
    }
}
