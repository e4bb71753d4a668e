//! One row of the CSR table.

use super::Update;
use crate::{guest::riscv64::Riscv64, vcpu::Core};

/// Reads register `index` of a row.
pub(super) type Read = fn(&Riscv64, &Core, u16) -> u64;
/// Writes register `index` of a row; illegal values become legal ones (WARL).
pub(super) type Write = fn(&mut Riscv64, &mut Core, u16, Update);
/// Whether register `index` of a row is there and open now, beyond what its number says.
pub(super) type Accessible = fn(&Riscv64, &Core, u16) -> bool;

/// A register, or `count` registers with consecutive numbers.
pub(super) struct Row {
    /// Its number, or that of the first.
    pub first: u16,
    /// How many.
    pub count: u16,
    /// The manual's name; of several, without their number.
    pub name: &'static str,
    /// The number in the name of the first, if they have numbers.
    pub numbered_from: Option<u16>,
    pub read: Read,
    pub write: Write,
    pub accessible: Accessible,
}

/// A row with the index of one of its registers.
pub(super) struct Access {
    pub row: &'static Row,
    pub index: u16,
}

impl Row {
    /// A register that is read and written.
    pub(super) const fn new(first: u16, name: &'static str, read: Read, write: Write) -> Self {
        Self {
            first,
            count: 1,
            name,
            numbered_from: None,
            read,
            write,
            accessible: |_, _, _| true,
        }
    }

    /// A register that ignores writes, or whose number forbids them.
    pub(super) const fn read_only(first: u16, name: &'static str, read: Read) -> Self {
        Self::new(first, name, read, |_, _, _, _| {})
    }

    /// `count` of them, whose names end in numbers from `first` on.
    pub(super) const fn numbered(self, first: u16, count: u16) -> Self {
        let numbered_from = Some(first);
        Self {
            count,
            numbered_from,
            ..self
        }
    }

    /// Access needs a further condition.
    pub(super) const fn when(self, accessible: Accessible) -> Self {
        Self { accessible, ..self }
    }
}
