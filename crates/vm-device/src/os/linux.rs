//! Linux.

use std::{fs::File, io};

use rustix::{
    fs::{FallocateFlags, fallocate},
    io::Errno,
};

pub(super) fn punch(file: &File, offset: u64, len: u64) -> io::Result<bool> {
    let mode = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    supported(fallocate(file, mode, offset, len))
}

pub(super) fn zero(file: &File, offset: u64, len: u64) -> io::Result<bool> {
    let mode = FallocateFlags::ZERO_RANGE | FallocateFlags::KEEP_SIZE;
    supported(fallocate(file, mode, offset, len))
}

fn supported(result: Result<(), Errno>) -> io::Result<bool> {
    match result {
        Ok(()) => Ok(true),
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
