//! An instruction's bits and its fields.

use super::Field;

/// The bits of one instruction; 16-bit ones are zero-extended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Insn(pub u32);

impl Insn {
    /// The value of a field.
    pub const fn get(self, field: Field) -> u32 {
        (self.0 & field.mask()) >> field.shift()
    }

    /// A field of at most 8 bits.
    const fn small(self, field: Field) -> u8 {
        assert!(field.width() <= 8, "the field has more than 8 bits");
        self.get(field) as u8
    }

    /// Destination register.
    pub const fn rd(self) -> u8 {
        self.small(Field::Rd)
    }

    /// First source register.
    pub const fn rs1(self) -> u8 {
        self.small(Field::Rs1)
    }

    /// Second source register.
    pub const fn rs2(self) -> u8 {
        self.small(Field::Rs2)
    }

    /// Third source register.
    pub const fn rs3(self) -> u8 {
        self.small(Field::Rs3)
    }

    /// Compressed: second source register.
    pub const fn c_rs2(self) -> u8 {
        self.small(Field::CRs2)
    }

    /// Compressed: first source register, 8 to 15.
    pub const fn rs1_p(self) -> u8 {
        8 + self.small(Field::Rs1P)
    }

    /// Compressed: second source register, 8 to 15.
    pub const fn rs2_p(self) -> u8 {
        8 + self.small(Field::Rs2P)
    }

    /// Compressed: destination register of a load, 8 to 15.
    pub const fn rd_p(self) -> u8 {
        8 + self.small(Field::RdP)
    }

    /// Rounding mode: 0 to 4, or 7 for the dynamic one.
    pub const fn rm(self) -> u8 {
        self.small(Field::Rm)
    }

    /// Whether it acquires.
    pub const fn aq(self) -> bool {
        self.get(Field::Aq) != 0
    }

    /// Whether it releases.
    pub const fn rl(self) -> bool {
        self.get(Field::Rl) != 0
    }

    /// Shift amount, 0 to 31.
    pub const fn shamt5(self) -> u8 {
        self.small(Field::Shamt5)
    }

    /// Shift amount, 0 to 63.
    pub const fn shamt6(self) -> u8 {
        self.small(Field::Shamt6)
    }

    /// CSR number.
    pub const fn csr(self) -> u16 {
        self.get(Field::Csr) as u16
    }

    /// Unsigned immediate of the CSR instructions, 0 to 31.
    pub const fn uimm(self) -> u8 {
        self.small(Field::Uimm)
    }

    /// Predecessor set of a fence: I 8, O 4, R 2, W 1.
    pub const fn pred(self) -> u8 {
        self.small(Field::Pred)
    }

    /// Successor set of a fence, as [`Self::pred`].
    pub const fn succ(self) -> u8 {
        self.small(Field::Succ)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_cut_out() {
        // amoadd.w.aq a0,a1,(a2)
        let insn = Insn(0x04b6_252f);
        assert_eq!((insn.rd(), insn.rs1(), insn.rs2()), (10, 12, 11));
        assert!(insn.aq() && !insn.rl());
        // c.sub a0,a1
        let insn = Insn(0x8d0d);
        assert_eq!((insn.rs1_p(), insn.rs2_p()), (10, 11));
    }
}
