//! Base address registers (PCI §6.2.5.1). Memory BARs only: nothing here
//! needs port I/O, and the boards offer none.

/// The address width and prefetchability of a memory BAR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BarKind {
    /// Anywhere below 4 GiB; reads may have side effects.
    Memory32,
    /// Anywhere; takes two registers; reads may have side effects.
    Memory64,
    /// Anywhere; takes two registers; reads have no side effects.
    Memory64Prefetchable,
}

impl BarKind {
    /// The read-only low bits of the register.
    pub(super) const fn flags(self) -> u32 {
        match self {
            Self::Memory32 => 0b0000,
            Self::Memory64 => 0b0100,
            Self::Memory64Prefetchable => 0b1100,
        }
    }

    /// Whether the BAR takes the following register as well.
    pub const fn is_64bit(self) -> bool {
        !matches!(self, Self::Memory32)
    }

    /// The largest window the register can describe, in bytes.
    pub(super) const fn max_len(self) -> u64 {
        match self {
            Self::Memory32 => 1 << 31,
            _ => 1 << 40,
        }
    }
}

/// What a function implements behind one base address register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    /// Its width and prefetchability.
    pub kind: BarKind,
    /// The window's length in bytes: a power of two, at least 16.
    pub len: u64,
}

/// A window that a function decodes now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BarWindow {
    /// The register's index, 0 to 5.
    pub index: usize,
    /// The window's bus address, a multiple of its length.
    pub addr: u64,
    /// The window's length in bytes.
    pub len: u64,
}
