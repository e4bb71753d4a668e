//! When a block is worth compiling, and how much memory its code may take.

/// Runs in tier 0 after which a block is compiled, for a guest of which
/// nothing is known.
pub const THRESHOLD: u32 = 16;

/// Host memory for the generated code of one vCPU, in bytes.
pub const CODE_BYTES: usize = 64 << 20;

/// Which tier a block runs in.
///
/// The threshold is the same for blocks of any length: what compiling costs,
/// and what every further run in tier 0 costs, both grow with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TierPolicy {
    /// Runs in tier 0 after which a block is compiled; 0 compiles it before it
    /// runs at all.
    pub threshold: u32,
    /// Host memory for the generated code of one vCPU, in bytes: as much as the engine's
    /// back-end can use. When it is full, the oldest part is dropped.
    pub code_bytes: usize,
}

impl TierPolicy {
    /// Whether a block that ran `runs` times in tier 0 is to be compiled.
    #[inline(always)]
    pub const fn compiles(&self, runs: u32) -> bool {
        runs >= self.threshold
    }
}

impl Default for TierPolicy {
    fn default() -> Self {
        Self {
            threshold: THRESHOLD,
            code_bytes: CODE_BYTES,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_compiled_once_it_has_run_often_enough() {
        let policy = |threshold| TierPolicy {
            threshold,
            ..TierPolicy::default()
        };
        assert!(policy(0).compiles(0));
        assert!(!policy(2).compiles(1) && policy(2).compiles(2));
        assert!(!policy(u32::MAX).compiles(u32::MAX - 1));
    }
}
