//! The fields an instruction pattern may name, and where each one lies.

macro_rules! fields {
    ($($(#[$doc:meta])* $id:ident $name:literal = $width:literal @ $shift:literal,)*) => {
        /// A named field of an instruction, at one fixed place.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Field {
            $($(#[$doc])* $id,)*
        }

        impl Field {
            /// Every field.
            pub const ALL: &[Self] = &[$(Self::$id,)*];

            /// The name patterns use.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$id => $name,)* }
            }

            /// Number of its bits.
            pub const fn width(self) -> u32 {
                match self { $(Self::$id => $width,)* }
            }

            /// Its lowest bit.
            pub const fn shift(self) -> u32 {
                match self { $(Self::$id => $shift,)* }
            }
        }
    };
}

// Unprivileged §2.2 "Base Instruction Formats", §"C" "Compressed Instruction Formats".
fields! {
    /// Destination register.
    Rd "rd" = 5 @ 7,
    /// First source register.
    Rs1 "rs1" = 5 @ 15,
    /// Second source register.
    Rs2 "rs2" = 5 @ 20,
    /// Third source register.
    Rs3 "rs3" = 5 @ 27,
    /// Upper bits of an even destination register, a pair's lower half.
    RdEven "rd_even" = 4 @ 8,
    /// Upper bits of an even second source register, a pair's lower half.
    Rs2Even "rs2_even" = 4 @ 21,
    /// Rounding mode; patterns with it exclude the reserved modes 5 and 6.
    Rm "rm" = 3 @ 12,
    /// Acquire.
    Aq "aq" = 1 @ 26,
    /// Release.
    Rl "rl" = 1 @ 25,
    /// I-type immediate.
    ImmI "imm_i" = 12 @ 20,
    /// S-type immediate, bits 11:5.
    ImmSHi "imm_s_hi" = 7 @ 25,
    /// S-type immediate, bits 4:0.
    ImmSLo "imm_s_lo" = 5 @ 7,
    /// B-type immediate, bits 12 and 10:5.
    ImmBHi "imm_b_hi" = 7 @ 25,
    /// B-type immediate, bits 4:1 and 11.
    ImmBLo "imm_b_lo" = 5 @ 7,
    /// U-type immediate.
    ImmU "imm_u" = 20 @ 12,
    /// J-type immediate.
    ImmJ "imm_j" = 20 @ 12,
    /// Shift amount of 32-bit shifts.
    Shamt5 "shamt5" = 5 @ 20,
    /// Shift amount of 64-bit shifts.
    Shamt6 "shamt6" = 6 @ 20,
    /// CSR number.
    Csr "csr" = 12 @ 20,
    /// Unsigned immediate of the CSR instructions.
    Uimm "uimm" = 5 @ 15,
    /// Mode of a fence.
    Fm "fm" = 4 @ 28,
    /// Predecessor set of a fence.
    Pred "pred" = 4 @ 24,
    /// Successor set of a fence.
    Succ "succ" = 4 @ 20,
    /// Compressed: second source register.
    CRs2 "c_rs2" = 5 @ 2,
    /// Compressed: first source and destination register, of x8 to x15.
    Rs1P "rs1_p" = 3 @ 7,
    /// Compressed: second source register, of x8 to x15.
    Rs2P "rs2_p" = 3 @ 2,
    /// Compressed: destination register of a load, of x8 to x15.
    RdP "rd_p" = 3 @ 2,
    /// Compressed immediate bit of the CI and CB formats.
    CImm1 "c_imm1" = 1 @ 12,
    /// Compressed immediate bits of the CI and CB formats.
    CImm5 "c_imm5" = 5 @ 2,
    /// Compressed immediate bits of the CL, CS and CB formats.
    CImm3 "c_imm3" = 3 @ 10,
    /// Compressed immediate bits of the CL and CS formats.
    CImm2 "c_imm2" = 2 @ 5,
    /// Compressed immediate of the CSS format.
    CImm6 "c_imm6" = 6 @ 7,
    /// Compressed immediate of the CIW format.
    CImm8 "c_imm8" = 8 @ 5,
    /// Compressed immediate of the CJ format.
    CImm11 "c_imm11" = 11 @ 2,
}

impl Field {
    /// The bits it occupies.
    pub const fn mask(self) -> u32 {
        ((1 << self.width()) - 1) << self.shift()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_fit_and_have_distinct_names() {
        for (n, field) in Field::ALL.iter().enumerate() {
            assert!(field.shift() + field.width() <= 32, "{field:?}");
            assert_eq!(field.mask().count_ones(), field.width());
            assert!(Field::ALL[..n].iter().all(|f| f.name() != field.name()));
        }
    }
}
