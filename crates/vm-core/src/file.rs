//! Files that are read and written at a position, whatever the host's system.

use std::{
    fs::{File, Metadata},
    io,
};

use crate::os;

/// Reads and writes at a position, without one that is shared by all who have the file.
pub trait FileAt {
    /// Reads what there is from `offset` on, at most as much as `data` holds; 0 bytes
    /// at the end of the file.
    ///
    /// # Errors
    /// What the host says.
    fn read_at(&self, data: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Fills `data` from `offset` on, or as much of it as there is before the end of the
    /// file; returns how much that was.
    ///
    /// # Errors
    /// What the host says.
    fn read_to_end_at(&self, data: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Fills `data` from `offset` on.
    ///
    /// # Errors
    /// What the host says; [`io::ErrorKind::UnexpectedEof`] if the file ends before.
    fn read_exact_at(&self, data: &mut [u8], offset: u64) -> io::Result<()>;

    /// Writes all of `data` from `offset` on.
    ///
    /// # Errors
    /// What the host says; [`io::ErrorKind::WriteZero`] if it takes no more.
    fn write_all_at(&self, data: &[u8], offset: u64) -> io::Result<()>;
}

impl FileAt for File {
    fn read_at(&self, data: &mut [u8], offset: u64) -> io::Result<usize> {
        os::read_at(self, data, offset)
    }

    fn read_to_end_at(&self, data: &mut [u8], offset: u64) -> io::Result<usize> {
        read_to_end(data, offset, |data, offset| os::read_at(self, data, offset))
    }

    fn read_exact_at(&self, data: &mut [u8], offset: u64) -> io::Result<()> {
        match self.read_to_end_at(data, offset)? {
            count if count == data.len() => Ok(()),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    fn write_all_at(&self, data: &[u8], offset: u64) -> io::Result<()> {
        write_all(data, offset, |data, offset| {
            os::write_at(self, data, offset)
        })
    }
}

/// Whether it is a block device, which may be a disk; no file is one where the host has
/// none among its files.
pub fn is_block_device(metadata: &Metadata) -> bool {
    os::is_block_device(metadata)
}

fn read_to_end(
    data: &mut [u8],
    offset: u64,
    mut read: impl FnMut(&mut [u8], u64) -> io::Result<usize>,
) -> io::Result<usize> {
    let mut done = 0;
    while let Some(rest) = data.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match read(rest, offset.saturating_add(done as u64)) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

fn write_all(
    mut data: &[u8],
    mut offset: u64,
    mut write: impl FnMut(&[u8], u64) -> io::Result<usize>,
) -> io::Result<()> {
    while !data.is_empty() {
        match write(data, offset) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => {
                data = data.get(count..).unwrap_or_default();
                offset = offset.saturating_add(count as u64);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails every other time, as a signal has it.
    #[derive(Default)]
    struct Interrupted(bool);

    impl Interrupted {
        fn check(&mut self) -> io::Result<()> {
            self.0 = !self.0;
            if self.0 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            Ok(())
        }
    }

    #[test]
    fn what_comes_in_parts_is_read_and_written_as_a_whole() {
        let mut data = [0; 3];
        let mut signal = Interrupted::default();
        let count = read_to_end(&mut data, 5, |part, offset| {
            signal.check()?;
            part[0] = offset as u8;
            Ok(1)
        });
        assert_eq!((count.unwrap(), data), (3, [5, 6, 7]));
        let mut written = Vec::new();
        write_all(&data, 5, |part, _| {
            signal.check()?;
            written.push(part[0]);
            Ok(1)
        })
        .unwrap();
        assert_eq!(written, data);
    }

    #[test]
    fn each_part_has_its_own_place() {
        let mut places = Vec::new();
        write_all(&[7; 5], 10, |data, offset| {
            places.push((data.len(), offset));
            Ok(2.min(data.len()))
        })
        .unwrap();
        assert_eq!(places, [(5, 10), (3, 12), (1, 14)]);
    }

    #[test]
    fn a_file_that_takes_no_more_is_an_error() {
        let full = write_all(&[0; 2], 0, |_, _| Ok(0)).unwrap_err();
        assert_eq!(full.kind(), io::ErrorKind::WriteZero);
    }
}
