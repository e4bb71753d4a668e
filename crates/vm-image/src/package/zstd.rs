//! zstd files: frames in a row, some of which are to be skipped (RFC 8878 §3.1).

use std::io::{self, BufRead, BufReader, Read};

use ruzstd::decoding::{
    BlockDecodingStrategy, FrameDecoder,
    errors::{FrameDecoderError, ReadFrameHeaderError},
};

/// Decompresses all frames of a file as one.
pub struct Frames<R> {
    source: BufReader<R>,
    decoder: FrameDecoder,
    /// Whether the decoder is within a frame.
    inside: bool,
}

impl<R: Read> Frames<R> {
    /// Decompresses `source`, which must begin with a frame.
    ///
    /// # Errors
    /// Those of `source`, and of one that is no zstd file.
    pub fn new(source: R) -> io::Result<Self> {
        let mut frames = Self {
            source: BufReader::new(source),
            decoder: FrameDecoder::new(),
            inside: false,
        };
        frames.begin()?;
        Ok(frames)
    }

    /// Begins a frame, or skips one.
    fn begin(&mut self) -> io::Result<()> {
        match self.decoder.init(&mut self.source) {
            Ok(()) => self.inside = true,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length,
                ..
            })) => {
                let length = u64::from(length);
                let mut skipped = self.source.by_ref().take(length);
                if io::copy(&mut skipped, &mut io::sink())? < length {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            Err(error) => return Err(io::Error::other(error)),
        }
        Ok(())
    }

    /// Reads from the frame; nothing at its end.
    fn read_frame(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
            let one = BlockDecodingStrategy::UptoBlocks(1);
            let decoded = self.decoder.decode_blocks(&mut self.source, one);
            decoded.map_err(io::Error::other)?;
        }
        self.decoder.read(buffer)
    }
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if self.inside {
                match self.read_frame(buffer)? {
                    0 => self.inside = false,
                    count => return Ok(count),
                }
            }
            if self.source.fill_buf()?.is_empty() {
                return Ok(0);
            }
            self.begin()?;
        }
    }
}

#[cfg(test)]
mod tests {
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    fn frame(data: &[u8]) -> Vec<u8> {
        compress_to_vec(data, CompressionLevel::Fastest)
    }

    fn skipped(data: &[u8]) -> Vec<u8> {
        let length = (data.len() as u32).to_le_bytes();
        [&0x184d_2a53u32.to_le_bytes()[..], &length, data].concat()
    }

    fn unpack(parts: &[&[u8]]) -> io::Result<Vec<u8>> {
        let mut data = Vec::new();
        Frames::new(parts.concat().as_slice())?.read_to_end(&mut data)?;
        Ok(data)
    }

    #[test]
    fn frames_are_joined_and_skipped() {
        let (one, two, empty) = (frame(b"hello, "), frame(b"world"), frame(b""));
        let index = skipped(&[7; 100_000]);
        for parts in [
            [&one[..], &two, b""],
            [&one, &index, &two],
            [&one, &empty, &two],
        ] {
            assert_eq!(unpack(&parts).unwrap(), b"hello, world");
        }
        assert_eq!(unpack(&[&index, &one, &index]).unwrap(), b"hello, ");
    }

    #[test]
    fn damage_is_an_error_wherever_it_is() {
        let (one, two) = (frame(b"hello, "), frame(b"world"));
        let index = skipped(b"index");
        for parts in [
            [&b""[..], b""],
            [&one, b"x"],
            [&one, b"junk behind it"],
            [&one, &two[..two.len() - 1]],
            [&one, &two[..3]],
            [&one, &index[..index.len() - 1]],
        ] {
            assert!(unpack(&parts).is_err(), "{parts:?}");
        }
    }
}
