//! Immediates: every format's scattered bits are put together here.

use super::Insn;

/// Bits `hi..=lo` of the instruction, moved to start at bit `to`.
const fn bits(insn: Insn, hi: u32, lo: u32, to: u32) -> u32 {
    ((insn.0 >> lo) & (u32::MAX >> (31 - (hi - lo)))) << to
}

/// Sign-extends the low `width` bits.
const fn sign(value: u32, width: u32) -> i32 {
    ((value << (32 - width)) as i32) >> (32 - width)
}

impl Insn {
    /// I-type: -2048 to 2047.
    pub const fn imm_i(self) -> i32 {
        sign(bits(self, 31, 20, 0), 12)
    }

    /// S-type: -2048 to 2047.
    pub const fn imm_s(self) -> i32 {
        sign(bits(self, 31, 25, 5) | bits(self, 11, 7, 0), 12)
    }

    /// B-type: an even branch displacement of ±4 KiB.
    pub const fn imm_b(self) -> i32 {
        let high = bits(self, 31, 31, 12) | bits(self, 7, 7, 11);
        sign(high | bits(self, 30, 25, 5) | bits(self, 11, 8, 1), 13)
    }

    /// U-type: the upper 20 bits of 32.
    pub const fn imm_u(self) -> i32 {
        bits(self, 31, 12, 12) as i32
    }

    /// J-type: an even jump displacement of ±1 MiB.
    pub const fn imm_j(self) -> i32 {
        let high = bits(self, 31, 31, 20) | bits(self, 19, 12, 12);
        sign(high | bits(self, 20, 20, 11) | bits(self, 30, 21, 1), 21)
    }

    /// CI and CB arithmetic: -32 to 31.
    pub const fn imm_ci(self) -> i32 {
        sign(self.shamt_c() as u32, 6)
    }

    /// CI and CB shift amount: 0 to 63.
    pub const fn shamt_c(self) -> u8 {
        (bits(self, 12, 12, 5) | bits(self, 6, 2, 0)) as u8
    }

    /// `C.LUI`: the immediate, already shifted left by 12.
    pub const fn imm_c_lui(self) -> i32 {
        self.imm_ci() << 12
    }

    /// `C.ADDI16SP`: a multiple of 16, -512 to 496.
    pub const fn imm_c_addi16sp(self) -> i32 {
        let high = bits(self, 12, 12, 9) | bits(self, 4, 3, 7);
        let low = bits(self, 5, 5, 6) | bits(self, 2, 2, 5) | bits(self, 6, 6, 4);
        sign(high | low, 10)
    }

    /// `C.ADDI4SPN`: a multiple of 4, 0 to 1020.
    pub const fn imm_c_addi4spn(self) -> i32 {
        let high = bits(self, 10, 7, 6) | bits(self, 12, 11, 4);
        (high | bits(self, 5, 5, 3) | bits(self, 6, 6, 2)) as i32
    }

    /// `C.LW`, `C.SW`: a multiple of 4, 0 to 124.
    pub const fn imm_c_word(self) -> i32 {
        (bits(self, 5, 5, 6) | bits(self, 12, 10, 3) | bits(self, 6, 6, 2)) as i32
    }

    /// `C.LD`, `C.SD` and their floating-point twins: a multiple of 8, 0 to 248.
    pub const fn imm_c_double(self) -> i32 {
        (bits(self, 6, 5, 6) | bits(self, 12, 10, 3)) as i32
    }

    /// `C.LWSP`: a multiple of 4, 0 to 252.
    pub const fn imm_c_lwsp(self) -> i32 {
        (bits(self, 3, 2, 6) | bits(self, 12, 12, 5) | bits(self, 6, 4, 2)) as i32
    }

    /// `C.LDSP`, `C.FLDSP`: a multiple of 8, 0 to 504.
    pub const fn imm_c_ldsp(self) -> i32 {
        (bits(self, 4, 2, 6) | bits(self, 12, 12, 5) | bits(self, 6, 5, 3)) as i32
    }

    /// `C.SWSP`: a multiple of 4, 0 to 252.
    pub const fn imm_c_swsp(self) -> i32 {
        (bits(self, 8, 7, 6) | bits(self, 12, 9, 2)) as i32
    }

    /// `C.SDSP`, `C.FSDSP`: a multiple of 8, 0 to 504.
    pub const fn imm_c_sdsp(self) -> i32 {
        (bits(self, 9, 7, 6) | bits(self, 12, 10, 3)) as i32
    }

    /// `C.J`: an even jump displacement of ±2 KiB.
    pub const fn imm_c_j(self) -> i32 {
        let high = bits(self, 12, 12, 11) | bits(self, 8, 8, 10) | bits(self, 10, 9, 8);
        let middle = bits(self, 6, 6, 7) | bits(self, 7, 7, 6) | bits(self, 2, 2, 5);
        sign(
            high | middle | bits(self, 11, 11, 4) | bits(self, 5, 3, 1),
            12,
        )
    }

    /// `C.BEQZ`, `C.BNEZ`: an even branch displacement of ±256 bytes.
    pub const fn imm_c_b(self) -> i32 {
        let high = bits(self, 12, 12, 8) | bits(self, 6, 5, 6) | bits(self, 2, 2, 5);
        sign(high | bits(self, 11, 10, 3) | bits(self, 4, 3, 1), 9)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Encodings from the GNU assembler.
    #[test]
    fn base_formats() {
        assert_eq!(Insn(0xfff5_0513).imm_i(), -1); // addi a0,a0,-1
        assert_eq!(Insn(0x7ff5_0513).imm_i(), 2047); // addi a0,a0,2047
        assert_eq!(Insn(0x80b5_2023).imm_s(), -2048); // sw a1,-2048(a0)
        assert_eq!(Insn(0x7eb5_2fa3).imm_s(), 2047); // sw a1,2047(a0)
        assert_eq!(Insn(0x80b5_0063).imm_b(), -4096); // beq a0,a1,.-4096
        assert_eq!(Insn(0x7eb5_0fe3).imm_b(), 4094); // beq a0,a1,.+4094
        assert_eq!(Insn(0xffff_f537).imm_u(), -4096); // lui a0,0xfffff
        assert_eq!(Insn(0x8000_00ef).imm_j(), -0x10_0000); // jal ra,.-1048576
        assert_eq!(Insn(0x7fff_f0ef).imm_j(), 0xf_fffe); // jal ra,.+1048574
    }

    /// Each bit of a compressed immediate comes from one bit of the encoding:
    /// the encoding bits, from the immediate's highest to its lowest, are the
    /// manual's (Unprivileged, §"C" instruction listings).
    #[test]
    fn compressed_formats() {
        type Case = (fn(Insn) -> i32, &'static [u32], u32, bool);
        let cases: &[Case] = &[
            (Insn::imm_ci, &[12, 6, 5, 4, 3, 2], 0, true),
            (Insn::imm_c_lui, &[12, 6, 5, 4, 3, 2], 12, true),
            (Insn::imm_c_addi16sp, &[12, 4, 3, 5, 2, 6], 4, true),
            (Insn::imm_c_addi4spn, &[10, 9, 8, 7, 12, 11, 5, 6], 2, false),
            (Insn::imm_c_word, &[5, 12, 11, 10, 6], 2, false),
            (Insn::imm_c_double, &[6, 5, 12, 11, 10], 3, false),
            (Insn::imm_c_lwsp, &[3, 2, 12, 6, 5, 4], 2, false),
            (Insn::imm_c_ldsp, &[4, 3, 2, 12, 6, 5], 3, false),
            (Insn::imm_c_swsp, &[8, 7, 12, 11, 10, 9], 2, false),
            (Insn::imm_c_sdsp, &[9, 8, 7, 12, 11, 10], 3, false),
            (
                Insn::imm_c_j,
                &[12, 8, 10, 9, 6, 7, 2, 11, 5, 4, 3],
                1,
                true,
            ),
            (Insn::imm_c_b, &[12, 6, 5, 2, 11, 10, 4, 3], 1, true),
        ];
        for (number, &(imm, sources, low, signed)) in cases.iter().enumerate() {
            let used: u32 = sources.iter().map(|bit| 1 << bit).sum();
            assert_eq!(imm(Insn(!used)), 0, "case {number}: a stray bit");
            for (n, bit) in sources.iter().rev().enumerate() {
                let top = n + 1 == sources.len();
                let weight = 1i32 << (low + n as u32);
                let expected = if top && signed { -weight } else { weight };
                assert_eq!(imm(Insn(1 << bit)), expected, "case {number}, bit {bit}");
            }
        }
    }

    #[test]
    fn compressed_shift_amount() {
        assert_eq!(Insn(0x1ffc).shamt_c(), 63);
        assert_eq!(Insn(0x1000).shamt_c(), 32);
    }
}
