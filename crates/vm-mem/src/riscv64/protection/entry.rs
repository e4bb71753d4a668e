//! One configuration byte and the addresses it applies to.

use vm_core::AccessKind;

/// A configuration byte, always with a legal value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Cfg(u8);

const R: u8 = 1 << 0;
const W: u8 = 1 << 1;
const X: u8 = 1 << 2;
const A_SHIFT: u32 = 3;
const A: u8 = 3 << A_SHIFT;
const L: u8 = 1 << 7;

/// The A field: how addresses match.
const OFF: u8 = 0;
const TOR: u8 = 1;
const NA4: u8 = 2;

impl Cfg {
    /// The value a write of `byte` leaves: bits 6:5 are zero; the reserved combination
    /// of W without R loses W.
    pub(super) const fn legalize(byte: u8) -> Self {
        let byte = byte & (R | W | X | A | L);
        if byte & R == 0 {
            Self(byte & !W)
        } else {
            Self(byte)
        }
    }

    pub(super) const fn bits(self) -> u8 {
        self.0
    }

    pub(super) const fn is_locked(self) -> bool {
        self.0 & L != 0
    }

    const fn matching(self) -> u8 {
        (self.0 & A) >> A_SHIFT
    }

    /// Whether it makes `pmpaddr` of the entry before it read-only.
    pub(super) const fn locks_previous(self) -> bool {
        self.is_locked() && self.matching() == TOR
    }

    /// Whether its permission bits allow `kind`.
    pub(super) const fn allows(self, kind: AccessKind) -> bool {
        let needed = match kind {
            AccessKind::Read => R,
            AccessKind::Write => W,
            AccessKind::Execute => X,
        };
        self.0 & needed != 0
    }

    /// The addresses it applies to, given `pmpaddr` of the entry before it (0 for the
    /// first) and its own. `None` if there are none.
    pub(super) fn range(self, previous: u64, addr: u64) -> Option<Range> {
        let range = match self.matching() {
            OFF => return None,
            TOR => Range {
                start: previous << 2,
                end: addr << 2,
            },
            NA4 => Range {
                start: addr << 2,
                end: (addr << 2) + 4,
            },
            // NAPOT: n trailing ones mean 2^(n+3) bytes. At most 54 ones fit, so the
            // size is at most 2^57 and the end does not overflow.
            _ => {
                let ones = addr.trailing_ones();
                let start = (addr & !((1 << ones) - 1)) << 2;
                Range {
                    start,
                    end: start + (1 << (ones + 3)),
                }
            }
        };
        (range.start < range.end).then_some(range)
    }
}

/// Addresses from `start` up to, not including, `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) start: u64,
    pub(super) end: u64,
}

impl Range {
    #[inline]
    pub(super) const fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    #[inline]
    pub(super) const fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}
