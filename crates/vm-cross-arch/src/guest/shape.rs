//! What back-ends have to know of a guest architecture.

use vm_core::{AccessSize, PAGE_SIZE};

use crate::ir::Slot;

/// What code for a guest depends on, beside the IR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuestShape {
    /// The slots that are worth a host register everywhere, the busiest first.
    pub global_priority: &'static [Slot],
    /// Base registers that point to the same page nearly everywhere (of stack and
    /// threads): all accesses by one of them share an inline cache.
    pub steady_bases: &'static [Slot],
    /// log2 of what every instruction is aligned to, in bytes.
    pub insn_align_shift: u32,
    /// The longest instruction, in bytes.
    pub max_insn_bytes: u8,
}

impl GuestShape {
    /// The last offset in a page at which even the longest instruction ends in the page:
    /// up to here, blocks jump within their page without a guard.
    #[inline]
    pub const fn last_whole_offset(&self) -> i64 {
        PAGE_SIZE as i64 - self.max_insn_bytes as i64
    }

    /// What every instruction is a whole number of, and aligned to. RISC-V with
    /// compressed instructions: 2 bytes; AArch64: 4; x86: 1.
    pub const fn fetch(&self) -> AccessSize {
        match self.insn_align_shift {
            0 => AccessSize::Byte,
            1 => AccessSize::Half,
            2 => AccessSize::Word,
            _ => AccessSize::Double,
        }
    }

    /// The number of the inline cache that accesses with the base register share.
    pub fn steady_base(&self, base: Slot) -> Option<u32> {
        let found = self.steady_bases.iter().position(|&slot| slot == base);
        found.map(|number| number as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_instruction_ends_with_the_page_at_the_last_offset() {
        let shape = |max_insn_bytes| GuestShape {
            global_priority: &[],
            steady_bases: &[Slot(2), Slot(4)],
            insn_align_shift: 0,
            max_insn_bytes,
        };
        assert_eq!(shape(4).last_whole_offset(), 0xffc);
        assert_eq!(shape(15).last_whole_offset(), 0xff1);
        assert_eq!(shape(4).steady_base(Slot(4)), Some(1));
        assert_eq!(shape(4).steady_base(Slot(3)), None);
    }
}
