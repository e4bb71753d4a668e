//! The page-table entry of Sv39, Sv48 and Sv57 (Privileged §"Sv39").

/// A memory type that a page overrides (Svpbmt).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Pbmt {
    /// None: the physical memory attributes hold.
    #[default]
    Pma,
    /// Non-cacheable, idempotent, weakly ordered.
    Nc,
    /// Non-cacheable, non-idempotent, strongly ordered.
    Io,
}

/// A page-table entry as it is in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pte(pub u64);

impl Pte {
    /// Valid.
    pub const V: u64 = 1 << 0;
    /// Readable.
    pub const R: u64 = 1 << 1;
    /// Writable.
    pub const W: u64 = 1 << 2;
    /// Executable.
    pub const X: u64 = 1 << 3;
    /// A user page.
    pub const U: u64 = 1 << 4;
    /// Global.
    pub const G: u64 = 1 << 5;
    /// Accessed.
    pub const A: u64 = 1 << 6;
    /// Dirty.
    pub const D: u64 = 1 << 7;
    /// Bits 60:54, reserved for future standard use.
    pub const RESERVED: u64 = 0x7f << 54;
    /// Bits 62:61, the memory type (Svpbmt).
    pub const PBMT: u64 = 3 << Self::PBMT_SHIFT;
    /// Part of a naturally aligned power-of-two range (Svnapot).
    pub const N: u64 = 1 << 63;

    const PBMT_SHIFT: u32 = 61;
    const PPN_SHIFT: u32 = 10;
    const PPN_MASK: u64 = (1 << 44) - 1;

    /// Whether any of `bits` is set.
    #[inline]
    pub const fn has(self, bits: u64) -> bool {
        self.0 & bits != 0
    }

    /// Whether it maps a page rather than pointing to the next table.
    #[inline]
    pub const fn is_leaf(self) -> bool {
        self.has(Self::R | Self::X)
    }

    /// The physical page number, 44 bits.
    #[inline]
    pub const fn ppn(self) -> u64 {
        self.0 >> Self::PPN_SHIFT & Self::PPN_MASK
    }

    /// The memory type; `None` for the reserved encoding.
    #[inline]
    pub const fn pbmt(self) -> Option<Pbmt> {
        match (self.0 & Self::PBMT) >> Self::PBMT_SHIFT {
            0 => Some(Pbmt::Pma),
            1 => Some(Pbmt::Nc),
            2 => Some(Pbmt::Io),
            _ => None,
        }
    }
}
