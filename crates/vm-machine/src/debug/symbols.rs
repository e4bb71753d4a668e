//! The names of guest code.

use std::fmt;

/// How far the last symbol reaches that does not say itself, in bytes.
const LAST_LEN: u64 = 4096;

/// A name in the guest's code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Symbol {
    pub(crate) start: u64,
    /// Bytes; 0 if it reaches to the next symbol.
    pub(crate) len: u64,
    pub(crate) name: Box<str>,
}

/// The symbols of the kernel, if it is an ELF file that has some, in order.
#[derive(Debug, Default)]
pub(super) struct GuestSymbols(Vec<Symbol>);

/// A place in guest code, as `symbol` or `symbol+0x12`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name<'a> {
    symbol: &'a str,
    offset: u64,
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.symbol)?;
        match self.offset {
            0 => Ok(()),
            offset => write!(f, "+{offset:#x}"),
        }
    }
}

impl GuestSymbols {
    /// Those of a machine's kernel or program.
    pub(super) fn new(mut symbols: Vec<Symbol>) -> Self {
        // Of those at the same address, the one with a length is found.
        symbols.sort_by_key(|symbol| (symbol.start, symbol.len != 0));
        Self(symbols)
    }

    /// The name of the code at `pc`.
    pub(super) fn name(&self, pc: u64) -> Option<Name<'_>> {
        let after = self.0.partition_point(|symbol| symbol.start <= pc);
        let symbol = self.0.get(after.checked_sub(1)?)?;
        let offset = pc - symbol.start;
        let is_last = after == self.0.len();
        let limit = match symbol.len {
            0 if is_last => LAST_LEN,
            0 => u64::MAX,
            len => len,
        };
        (offset < limit).then_some(Name {
            symbol: &symbol.name,
            offset,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_named_as_far_as_symbols_reach() {
        let symbol = |start, len, name: &str| Symbol {
            start,
            len,
            name: name.into(),
        };
        let symbols = GuestSymbols::new(vec![
            symbol(0x300, 0, "last"),
            symbol(0x100, 0x10, "sized"),
            symbol(0x100, 0, "label"),
            symbol(0x200, 0, "open"),
        ]);
        let name = |pc| symbols.name(pc).map(|name| name.to_string());
        assert_eq!(name(0x0ff), None);
        assert_eq!(name(0x100).as_deref(), Some("sized"));
        assert_eq!(name(0x10f).as_deref(), Some("sized+0xf"));
        assert_eq!(name(0x110), None);
        assert_eq!(name(0x2ff).as_deref(), Some("open+0xff"));
        assert_eq!(name(0x300 + LAST_LEN), None);
        assert_eq!(GuestSymbols::default().name(5), None);
    }
}
