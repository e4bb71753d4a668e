//! Kinds and sizes of memory accesses.

/// Why memory is being accessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum AccessKind {
    /// A data load.
    Read = 0,
    /// A data store, or an atomic read-modify-write.
    Write = 1,
    /// An instruction fetch.
    Execute = 2,
}

/// Width of a single memory access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum AccessSize {
    /// 1 byte.
    Byte = 0,
    /// 2 bytes.
    Half = 1,
    /// 4 bytes.
    Word = 2,
    /// 8 bytes.
    Double = 3,
}

impl AccessSize {
    /// The width in bytes: 1, 2, 4 or 8.
    #[inline]
    pub const fn bytes(self) -> u64 {
        1 << self as u8
    }

    /// The access size of `bytes` bytes, if there is one.
    pub const fn from_bytes(bytes: u64) -> Option<Self> {
        match bytes {
            1 => Some(Self::Byte),
            2 => Some(Self::Half),
            4 => Some(Self::Word),
            8 => Some(Self::Double),
            _ => None,
        }
    }

    /// A mask of the value bits this access carries.
    #[inline]
    pub const fn mask(self) -> u64 {
        match self {
            Self::Byte => 0xff,
            Self::Half => 0xffff,
            Self::Word => 0xffff_ffff,
            Self::Double => u64::MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_round_trips_and_masks() {
        for size in [
            AccessSize::Byte,
            AccessSize::Half,
            AccessSize::Word,
            AccessSize::Double,
        ] {
            assert_eq!(AccessSize::from_bytes(size.bytes()), Some(size));
            assert_eq!(u64::from(size.mask().count_ones()), size.bytes() * 8);
        }
        assert_eq!(AccessSize::from_bytes(3), None);
        assert_eq!(AccessSize::from_bytes(16), None);
    }
}
