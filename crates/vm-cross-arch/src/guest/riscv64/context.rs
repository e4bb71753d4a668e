//! What the translation of a block depends on besides its bytes.

use crate::guest::IsaContext;

/// What the translation of RISC-V code depends on besides its bytes: the hart's
/// privilege, and what is on. One word, so that it costs nothing to compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Context(u32);

/// The bits that hold the privilege.
const PRIVILEGE: u32 = 3;

impl Context {
    /// `mstatus.FS` is not Off: floating-point instructions are legal.
    pub const FP_ENABLED: u32 = 1 << 2;
    /// `frm` is 0 to 4: instructions with the dynamic rounding mode are legal.
    pub const ROUNDING_VALID: u32 = 1 << 3;
    /// `frm` is 0: generated code rounds to nearest without asking.
    pub const ROUNDS_TO_NEAREST: u32 = 1 << 4;
    /// `CBO.ZERO` is legal.
    pub const ZERO_BLOCK: u32 = 1 << 5;

    /// Everything is on, in S-mode.
    pub const ALL: Self = Self::new(1)
        .with(Self::FP_ENABLED, true)
        .with(Self::ROUNDING_VALID, true)
        .with(Self::ROUNDS_TO_NEAREST, true)
        .with(Self::ZERO_BLOCK, true);

    /// Nothing is on, in the privilege mode with this number. Which one it is decides
    /// what may be fetched, and whether the supervisor's CSRs are open.
    #[inline]
    pub const fn new(privilege: u64) -> Self {
        Self(privilege as u32 & PRIVILEGE)
    }

    /// The same with `flag` on or off.
    #[inline]
    #[must_use]
    pub const fn with(self, flag: u32, on: bool) -> Self {
        Self(self.0 & !flag | (flag * on as u32))
    }

    /// Whether `flag` is set.
    pub(super) const fn has(self, flag: u32) -> bool {
        self.0 & flag != 0
    }

    /// Whether the hart is not in U-mode: it may access the supervisor's CSRs.
    pub(super) const fn is_supervisor(self) -> bool {
        self.0 & PRIVILEGE != 0
    }
}

impl IsaContext for Context {
    #[inline]
    fn key(self) -> u32 {
        self.0
    }

    #[inline]
    fn from_key(key: u32) -> Self {
        Self(key)
    }

    fn rounds_to_nearest(self) -> bool {
        self.has(Self::ROUNDS_TO_NEAREST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_has_bits_of_its_own() {
        let flags = [
            Context::FP_ENABLED,
            Context::ROUNDING_VALID,
            Context::ROUNDS_TO_NEAREST,
            Context::ZERO_BLOCK,
        ];
        let mut keys = Vec::new();
        for privilege in [0, 1, 3] {
            for set in 0..16 {
                let context = (0..)
                    .zip(flags)
                    .fold(Context::new(privilege), |all, (n, flag)| {
                        all.with(flag, set >> n & 1 != 0)
                    });
                for (n, flag) in (0..).zip(flags) {
                    assert_eq!(context.has(flag), set >> n & 1 != 0);
                }
                assert_eq!(context.is_supervisor(), privilege != 0);
                assert_eq!(Context::from_key(context.key()), context);
                keys.push(context.key());
            }
        }
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), 48);
    }
}
