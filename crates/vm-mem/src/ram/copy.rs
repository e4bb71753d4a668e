//! Copies between guest RAM and the host's own memory.
//!
//! The guest may access the same bytes meanwhile, so every access to them is a
//! relaxed atomic: of 8 bytes where they are aligned, else of one.
#![allow(unsafe_code, reason = "reaches guest RAM by address")]

use std::{
    ops::Range,
    ptr::NonNull,
    slice,
    sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed},
};

use vm_core::GuestPhysAddr;

use super::{GuestRam, RamError};

const WORD: usize = size_of::<u64>();

/// A piece of guest RAM as a copy accesses it: bytes, then aligned words, then bytes.
pub(super) struct Cells<'a> {
    head: &'a [AtomicU8],
    words: &'a [AtomicU64],
    tail: &'a [AtomicU8],
}

impl GuestRam {
    /// Calls `copy` with each piece of `len` bytes at `gpa` that lies in one region, and
    /// which of the bytes it has.
    pub(super) fn for_each_piece(
        &self,
        gpa: GuestPhysAddr,
        len: usize,
        mut copy: impl FnMut(&Cells<'_>, Range<usize>),
    ) -> Result<(), RamError> {
        let mut done = 0;
        while done < len {
            let at = gpa.wrapping_add(done as u64);
            let (host, room) = self
                .region_at(at)
                .ok_or_else(|| RamError::out_of_range(gpa, len))?;
            let count = usize::try_from(room).unwrap_or(usize::MAX).min(len - done);
            // SAFETY: a region has that many bytes there, and stays mapped as long as `self`.
            let cells = unsafe { Cells::new(host, count) };
            copy(&cells, done..done + count);
            done += count;
        }
        Ok(())
    }

    /// The host address of `gpa` and how many bytes follow it in its region.
    fn region_at(&self, gpa: GuestPhysAddr) -> Option<(NonNull<u8>, u64)> {
        let host = self.host_ptr(gpa, 1)?;
        let windows = &self.shared.windows;
        let after = windows.partition_point(|window| window.start() <= gpa.0);
        let window = windows.get(after.checked_sub(1)?)?;
        Some((host, window.bytes() - (gpa.0 - window.start())))
    }
}

impl Cells<'_> {
    /// The `len` bytes at `host`.
    ///
    /// # Safety
    /// They must be guest RAM that stays mapped for the lifetime of the result.
    unsafe fn new(host: NonNull<u8>, len: usize) -> Self {
        let head = host.align_offset(WORD).min(len);
        let words = (len - head) / WORD;
        let tail = len - head - words * WORD;
        // SAFETY: both stay within the `len` bytes, or point to their end.
        let (aligned, end) = unsafe { (host.add(head), host.add(len - tail)) };
        let middle = if words == 0 {
            NonNull::dangling()
        } else {
            aligned.cast::<AtomicU64>()
        };
        // SAFETY: the parts are those bytes, or empty; words start at a multiple of their
        // size. Guest RAM is nobody's Rust object, so that shared references to atomics
        // hold whoever else accesses it.
        unsafe {
            Self {
                head: slice::from_raw_parts(host.cast().as_ptr(), head),
                words: slice::from_raw_parts(middle.as_ptr(), words),
                tail: slice::from_raw_parts(end.cast().as_ptr(), tail),
            }
        }
    }

    /// Copies them into `buf`, which is as long.
    pub(super) fn read(&self, buf: &mut [u8]) {
        let (head, rest) = buf.split_at_mut(self.head.len());
        let (words, tail) = rest.as_chunks_mut::<WORD>();
        read_bytes(self.head, head);
        for (cell, word) in self.words.iter().zip(words) {
            *word = cell.load(Relaxed).to_ne_bytes();
        }
        read_bytes(self.tail, tail);
    }

    /// Copies `data`, which is as long, over them.
    pub(super) fn write(&self, data: &[u8]) {
        let (head, rest) = data.split_at(self.head.len());
        let (words, tail) = rest.as_chunks::<WORD>();
        write_bytes(self.head, head);
        for (cell, word) in self.words.iter().zip(words) {
            cell.store(u64::from_ne_bytes(*word), Relaxed);
        }
        write_bytes(self.tail, tail);
    }
}

fn read_bytes(cells: &[AtomicU8], buf: &mut [u8]) {
    for (cell, byte) in cells.iter().zip(buf) {
        *byte = cell.load(Relaxed);
    }
}

fn write_bytes(cells: &[AtomicU8], data: &[u8]) {
    for (cell, &byte) in cells.iter().zip(data) {
        cell.store(byte, Relaxed);
    }
}
