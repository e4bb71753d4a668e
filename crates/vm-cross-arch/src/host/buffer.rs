//! The bytes of code being written.

use dynasmrt::{AssemblyOffset, DynasmApi};

/// The longest piece that is written at once.
const PIECE: usize = 8;

/// A growing piece of code. There is always room for [`PIECE`] more bytes, so
/// that half an instruction is written by one store of fixed size.
#[derive(Debug, Default)]
pub(in crate::host) struct Buffer {
    bytes: Vec<u8>,
    len: usize,
}

impl Buffer {
    pub(in crate::host) fn with_capacity(capacity: usize) -> Self {
        Self {
            bytes: vec![0; capacity + PIECE],
            len: 0,
        }
    }

    pub(in crate::host) fn len(&self) -> usize {
        self.len
    }

    /// Appends the lowest `count` bytes of `word`.
    #[inline]
    pub(in crate::host) fn put(&mut self, word: u64, count: usize) {
        debug_assert!(count <= PIECE, "a word has 8 bytes");
        if let Some(space) = self.bytes.get_mut(self.len..self.len + PIECE) {
            space.copy_from_slice(&word.to_le_bytes());
        }
        self.len += count;
        if self.len + PIECE > self.bytes.len() {
            self.grow();
        }
    }

    #[cold]
    fn grow(&mut self) {
        self.bytes.resize(2 * self.len + PIECE, 0);
    }

    /// The 4 bytes at `at`.
    pub(in crate::host) fn get_u32(&self, at: usize) -> u32 {
        let word = self.bytes.get(at..).and_then(|rest| rest.first_chunk());
        word.map_or(0, |word| u32::from_le_bytes(*word))
    }

    /// Replaces 4 bytes at `at`.
    pub(in crate::host) fn set_i32(&mut self, at: usize, value: i32) {
        if let Some(field) = self.bytes.get_mut(at..at + 4) {
            field.copy_from_slice(&value.to_le_bytes());
        }
    }

    /// The code; nothing is left.
    pub(in crate::host) fn finish(&mut self) -> Vec<u8> {
        self.bytes.truncate(self.len);
        std::mem::take(self).bytes
    }
}

impl Extend<u8> for Buffer {
    fn extend<T: IntoIterator<Item = u8>>(&mut self, bytes: T) {
        bytes.into_iter().for_each(|byte| self.push(byte));
    }
}

impl<'a> Extend<&'a u8> for Buffer {
    fn extend<T: IntoIterator<Item = &'a u8>>(&mut self, bytes: T) {
        bytes.into_iter().for_each(|&byte| self.push(byte));
    }
}

impl DynasmApi for Buffer {
    fn offset(&self) -> AssemblyOffset {
        AssemblyOffset(self.len)
    }

    #[inline]
    fn push(&mut self, byte: u8) {
        self.put(byte.into(), 1);
    }

    fn align(&mut self, alignment: usize, with: u8) {
        while !self.len.is_multiple_of(alignment) {
            self.push(with);
        }
    }

    #[inline]
    fn push_i32(&mut self, value: i32) {
        self.put(u64::from(value as u32), 4);
    }

    #[inline]
    fn push_u32(&mut self, value: u32) {
        self.put(value.into(), 4);
    }

    #[inline]
    fn push_i64(&mut self, value: i64) {
        self.put(value as u64, 8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_comes_back_however_long() {
        let mut buffer = Buffer::with_capacity(0);
        for number in 0..100_u8 {
            buffer.put(u64::from(number) | 0xff00, 1);
            buffer.push_i32(i32::from(number));
        }
        buffer.set_i32(1, -2);
        assert_eq!((buffer.get_u32(1), buffer.get_u32(6)), (-2_i32 as u32, 1));
        let code = buffer.finish();
        assert_eq!(code.len(), 500);
        assert_eq!(code[..10], [0, 0xfe, 0xff, 0xff, 0xff, 1, 1, 0, 0, 0]);
        assert_eq!(code[495..], [99, 99, 0, 0, 0]);
    }
}
