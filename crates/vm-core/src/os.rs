//! What the host's operating system has for [`crate::file`].
//!
//! No other module of this crate knows which system that is.

#[cfg(unix)]
pub(crate) use unix::{is_block_device, read_at, write_at};
#[cfg(windows)]
pub(crate) use windows::{is_block_device, read_at, write_at};

#[cfg(unix)]
mod unix {
    use std::{
        fs::{File, Metadata},
        io,
        os::unix::fs::{FileExt as _, FileTypeExt as _},
    };

    pub(crate) fn is_block_device(metadata: &Metadata) -> bool {
        metadata.file_type().is_block_device()
    }

    pub(crate) fn read_at(file: &File, data: &mut [u8], offset: u64) -> io::Result<usize> {
        file.read_at(data, offset)
    }

    pub(crate) fn write_at(file: &File, data: &[u8], offset: u64) -> io::Result<usize> {
        file.write_at(data, offset)
    }
}

/// These move the position of the file, too; who reads at one needs no other.
#[cfg(windows)]
mod windows {
    use std::{
        fs::{File, Metadata},
        io,
        os::windows::fs::FileExt as _,
    };

    pub(crate) fn is_block_device(_metadata: &Metadata) -> bool {
        false
    }

    /// Windows' error where Unix reads nothing: the end of the file.
    const ERROR_HANDLE_EOF: i32 = 38;

    pub(crate) fn read_at(file: &File, data: &mut [u8], offset: u64) -> io::Result<usize> {
        match file.seek_read(data, offset) {
            Err(error) if error.raw_os_error() == Some(ERROR_HANDLE_EOF) => Ok(0),
            result => result,
        }
    }

    pub(crate) fn write_at(file: &File, data: &[u8], offset: u64) -> io::Result<usize> {
        file.seek_write(data, offset)
    }
}
