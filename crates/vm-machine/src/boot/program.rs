//! A program as guest memory sees it.

use super::Content;
use crate::debug::Symbol;

/// Bytes that belong at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// First guest physical address.
    pub addr: u64,
    /// What is there at the start.
    pub content: Content,
    /// How many bytes the segment takes: what follows the content is zero.
    pub len: u64,
}

/// Addresses that a bare-metal program announces by symbols.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Symbols {
    /// Where the program writes requests to its host (HTIF).
    pub tohost: Option<u64>,
    /// Where the host answers.
    pub fromhost: Option<u64>,
    /// The start of the test signature.
    pub begin_signature: Option<u64>,
    /// The end of the test signature.
    pub end_signature: Option<u64>,
}

/// A program, ready to be copied into guest memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Program {
    /// Its parts.
    pub segments: Vec<Segment>,
    /// The guest physical address of its first instruction.
    pub entry: u64,
    /// What its symbols say.
    pub symbols: Symbols,
    /// The names of its code, if they were wanted.
    pub(crate) code: Vec<Symbol>,
}

impl Program {
    /// A program of one part that starts at its first byte.
    pub(super) fn flat(addr: u64, content: Content, len: u64) -> Self {
        let segment = Segment { addr, content, len };
        Self {
            segments: vec![segment],
            entry: addr,
            ..Self::default()
        }
    }

    /// The first address behind its last part.
    pub(super) fn end(&self) -> Option<u64> {
        let ends = self.segments.iter();
        ends.map(|segment| segment.addr.saturating_add(segment.len))
            .max()
    }

    /// Whether there is something at an address that is not the header of an ELF file.
    pub(super) fn is_code(&self, addr: u64) -> bool {
        let part = self
            .segments
            .iter()
            .find(|segment| addr.wrapping_sub(segment.addr) < segment.len);
        part.is_some_and(|segment| match &segment.content {
            Content::Bytes(bytes) => segment.addr != addr || !bytes.starts_with(b"\x7fELF"),
            Content::File { .. } => true,
        })
    }
}
