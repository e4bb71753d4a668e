//! The kernel's own format: Linux, `Documentation/arch/riscv/boot-image-header.rst`.

/// Bytes of the header.
const HEADER_LEN: usize = 64;
/// Offset of the magic number that all versions have from 0.2 on.
const MAGIC2: usize = 56;
/// The flag for a big-endian kernel.
const FLAG_BIG_ENDIAN: u64 = 1;

/// What the header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ImageHeader {
    /// Where the image wants to be, from the start of RAM.
    pub(crate) text_offset: u64,
    /// How many bytes it takes in memory, zeroed data included.
    pub(crate) image_size: u64,
    /// Whether the kernel is for big-endian machines.
    pub(crate) big_endian: bool,
}

/// Whether the file has the header's magic number.
pub(crate) fn is_image(bytes: &[u8]) -> bool {
    bytes.get(MAGIC2..MAGIC2 + 4) == Some(b"RSC\x05")
}

impl ImageHeader {
    /// Reads the header; `None` if the file is shorter.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let header = bytes.get(..HEADER_LEN)?;
        let field = |at: usize| {
            let bytes = header.get(at..at + 8)?.try_into().ok()?;
            Some(u64::from_le_bytes(bytes))
        };
        Some(Self {
            text_offset: field(8)?,
            image_size: field(16)?,
            big_endian: field(24)? & FLAG_BIG_ENDIAN != 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_fields() {
        let mut bytes = vec![0; 64];
        assert!(!is_image(&bytes));
        bytes[8..16].copy_from_slice(&0x20_0000u64.to_le_bytes());
        bytes[16..24].copy_from_slice(&0x123_4000u64.to_le_bytes());
        bytes[56..60].copy_from_slice(b"RSC\x05");
        assert!(is_image(&bytes));
        let header = ImageHeader::parse(&bytes).unwrap();
        assert_eq!(
            (header.text_offset, header.image_size, header.big_endian),
            (0x20_0000, 0x123_4000, false)
        );
        bytes[24] = 1;
        assert!(ImageHeader::parse(&bytes).unwrap().big_endian);
        assert_eq!(ImageHeader::parse(&bytes[..63]), None);
    }
}
