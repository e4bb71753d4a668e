//! gzip files, with what gzip(1) takes behind their data: RFC 1952 §2.2 has
//! several members in a row, tapes and blocks of flash add zeros.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

/// Bytes that are read at a time.
const CHUNK: usize = 64 << 10;
/// What every member begins with.
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Whether the file is a gzip file.
pub(super) fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// What was in a gzip file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unpacked {
    /// The contents of all members; one byte more than the limit if there are more.
    pub(super) bytes: Vec<u8>,
    /// Whether bytes were left over that are neither a member nor padding.
    pub(super) junk: bool,
}

/// What follows a member.
enum Next {
    /// The end, perhaps after zeros.
    End,
    /// Another member, whose first byte has been taken.
    Member,
    /// Neither.
    Junk,
}

/// Unpacks a gzip file of at most `limit` bytes.
///
/// # Errors
/// Those of `packed`, and of damaged data.
pub(super) fn unpack(packed: impl Read, limit: u64) -> io::Result<Unpacked> {
    let mut packed = BufReader::with_capacity(CHUNK, packed);
    let mut bytes = Vec::new();
    let mut taken: &[u8] = &[];
    loop {
        let member = GzDecoder::new(taken.chain(&mut packed));
        let room = limit.saturating_add(1).saturating_sub(bytes.len() as u64);
        member.take(room).read_to_end(&mut bytes)?;
        let next = match bytes.len() as u64 > limit {
            true => Next::End,
            false => next(&mut packed)?,
        };
        match next {
            Next::Member => taken = &MAGIC[..1],
            Next::End | Next::Junk => {
                let junk = matches!(next, Next::Junk);
                return Ok(Unpacked { bytes, junk });
            }
        }
    }
}

fn next(packed: &mut impl BufRead) -> io::Result<Next> {
    let Some(&first) = packed.fill_buf()?.first() else {
        return Ok(Next::End);
    };
    if first == 0 {
        return Ok(match only_zeros(packed)? {
            true => Next::End,
            // As gzip(1) has it, also if a member should follow.
            false => Next::Junk,
        });
    }
    packed.consume(1);
    let second = packed.fill_buf()?.first().copied();
    Ok(match (first, second) {
        (0x1f, Some(0x8b)) => Next::Member,
        _ => Next::Junk,
    })
}

fn only_zeros(packed: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let part = packed.fill_buf()?;
        if part.is_empty() {
            return Ok(true);
        }
        if part.iter().any(|byte| *byte != 0) {
            return Ok(false);
        }
        let len = part.len();
        packed.consume(len);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    /// Unpacks what is delivered in parts of all sizes; they must not matter.
    fn unpack_parts(parts: &[&[u8]], limit: u64) -> io::Result<Unpacked> {
        struct Slowly<'a>(&'a [u8], usize);
        impl Read for Slowly<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let len = self.1.min(buffer.len());
                self.0.read(&mut buffer[..len])
            }
        }
        let file = parts.concat();
        let whole = unpack(file.as_slice(), limit);
        for step in [1, 2, 7, 19] {
            let part = unpack(Slowly(&file, step), limit);
            assert_eq!(part.as_ref().ok(), whole.as_ref().ok(), "{step}");
        }
        whole
    }

    #[test]
    fn members_are_joined_and_padding_is_ignored() {
        let (one, two) = (gzip(b"hello, "), gzip(b"world"));
        let zeros = vec![0; 100_000];
        for padding in [&[][..], &[0], &zeros] {
            let unpacked = unpack_parts(&[&one, &two, padding], 99).unwrap();
            assert_eq!(unpacked.bytes, b"hello, world");
            assert!(!unpacked.junk);
        }
    }

    #[test]
    fn junk_is_ignored_and_told() {
        let one = gzip(b"hello");
        for junk in [&b"x"[..], b"\x1f", b"\x1fx", b"\0\0\0x", b"\0\x1f\x8b"] {
            let unpacked = unpack_parts(&[&one, junk], 99).unwrap();
            assert_eq!(unpacked.bytes, b"hello");
            assert!(unpacked.junk, "{junk:?}");
        }
    }

    #[test]
    fn damage_within_any_member_is_an_error() {
        let (one, two) = (gzip(b"hello"), gzip(b"world"));
        for len in 2..one.len() {
            assert!(unpack_parts(&[&one[..len]], 99).is_err(), "{len}");
        }
        for len in 2..two.len() {
            assert!(unpack_parts(&[&one, &two[..len]], 99).is_err(), "{len}");
        }
        let mut wrong = one.clone();
        let checksum = wrong.len() - 8;
        wrong[checksum] ^= 1;
        assert!(unpack_parts(&[&wrong], 99).is_err());
    }

    #[test]
    fn no_more_is_unpacked_than_was_asked_for() {
        let (one, two) = (gzip(&[1; 100]), gzip(&[2; 1 << 20]));
        assert_eq!(unpack_parts(&[&one], 100).unwrap().bytes.len(), 100);
        assert_eq!(unpack_parts(&[&one, &two], 150).unwrap().bytes.len(), 151);
        assert_eq!(unpack_parts(&[&one, &two], 100).unwrap().bytes.len(), 101);
    }
}
