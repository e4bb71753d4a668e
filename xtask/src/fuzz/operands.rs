//! Operands of instructions, from their rows.

use vm_cross_arch::guest::riscv64::{Field, Insn, Row};

/// The register that a memory access is based on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// rs1.
    Full,
    /// One of x8 to x15.
    Compressed,
    /// The stack pointer.
    Stack,
}

/// The register that holds the address, if the row accesses memory.
pub fn base(row: &Row) -> Option<Base> {
    let text = row.syntax.text();
    // Of control transfers, the parentheses hold a target.
    if text.ends_with("(rs1)") && row.name != "jalr" {
        Some(Base::Full)
    } else if text.ends_with("(rs1_p)") {
        Some(Base::Compressed)
    } else if text.ends_with("(sp)") {
        Some(Base::Stack)
    } else {
        None
    }
}

/// The plain store that an instruction is: its base register, displacement and
/// size in bytes.
pub fn store(row: &Row, insn: Insn) -> Option<(u8, i32, u64)> {
    let sizes = [1, 2, 4, 8];
    let (register, distance) = match row.syntax.text().split_once(',')?.1 {
        "imm_s(rs1)" => {
            let size = sizes[(insn.0 >> 12 & 3) as usize];
            return Some((insn.rs1(), insn.imm_s(), size));
        }
        "imm_c_word(rs1_p)" if row.name == "c.sw" => (insn.rs1_p(), insn.imm_c_word()),
        "imm_c_double(rs1_p)" if row.name != "c.ld" && row.name != "c.fld" => {
            (insn.rs1_p(), insn.imm_c_double())
        }
        "imm_c_swsp(sp)" => (2, insn.imm_c_swsp()),
        "imm_c_sdsp(sp)" => (2, insn.imm_c_sdsp()),
        _ => return None,
    };
    let size = if row.name.ends_with("w") || row.name.ends_with("wsp") {
        4
    } else {
        8
    };
    Some((register, distance, size))
}

/// Whether the access is atomic, and so has to be aligned.
pub fn is_atomic(row: &Row) -> bool {
    const OPCODE: u32 = 0x7f;
    const AMO: u32 = 0x2f;
    row.pattern.value & OPCODE == AMO
}

/// The integer registers that an instruction writes, as bits, x0 among them.
pub fn written(row: &Row, insn: Insn) -> u32 {
    let operands: Vec<&str> = row.syntax.text().split(',').collect();
    let bit = |register: u8| 1u32 << (register & 31);
    match operands[0] {
        "rd" if row.name == "c.jalr" => bit(1),
        "rd" if row.name == "c.jr" => 0,
        "rd" if row.pattern.has(Field::RdEven) => bit(insn.rd()) | bit(insn.rd() | 1),
        "rd" => bit(insn.rd()),
        "rd_p" => bit(insn.rd_p()),
        // Of stores and branches, the first operand is a source.
        "rs1_p" if !row.syntax.text().contains("imm_c_b") => bit(insn.rs1_p()),
        "sp" => bit(2),
        _ => 0,
    }
}

/// Displacements that the fuzzer sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Displacement {
    /// Conditional branch.
    B,
    /// JAL.
    J,
    /// Compressed branch.
    Cb,
    /// Compressed jump.
    Cj,
    /// Immediate of ADDI and JALR.
    I,
}

impl Displacement {
    /// That of a direct branch or jump.
    pub fn of(row: &Row) -> Option<Self> {
        let last = row.syntax.text().rsplit(',').next()?;
        match last {
            "imm_b" => Some(Self::B),
            "imm_j" => Some(Self::J),
            "imm_c_b" => Some(Self::Cb),
            "imm_c_j" => Some(Self::Cj),
            _ => None,
        }
    }

    /// The instruction with the displacement, which has to be in range.
    pub fn set(self, bits: u32, distance: i32) -> u32 {
        let d = distance as u32;
        let from = |hi: u32, lo: u32, to: u32| (d >> lo & ((1 << (hi - lo + 1)) - 1)) << to;
        let (field, value) = match self {
            Self::I => (0xfff0_0000, from(11, 0, 20)),
            Self::B => (
                0xfe00_0f80,
                from(12, 12, 31) | from(10, 5, 25) | from(4, 1, 8) | from(11, 11, 7),
            ),
            Self::J => (
                0xffff_f000,
                from(20, 20, 31) | from(10, 1, 21) | from(11, 11, 20) | from(19, 12, 12),
            ),
            Self::Cb => (
                0x1c7c,
                from(8, 8, 12) | from(4, 3, 10) | from(7, 6, 5) | from(2, 1, 3) | from(5, 5, 2),
            ),
            Self::Cj => (
                0x1ffc,
                from(11, 11, 12)
                    | from(4, 4, 11)
                    | from(9, 8, 9)
                    | from(10, 10, 8)
                    | from(6, 6, 7)
                    | from(7, 7, 6)
                    | from(3, 1, 3)
                    | from(5, 5, 2),
            ),
        };
        bits & !field | value
    }
}

#[cfg(test)]
mod tests {
    use vm_cross_arch::guest::riscv64::decode;

    use super::*;

    #[test]
    fn displacements_are_read_back() {
        for distance in [-256, -2, 0, 2, 4, 90, 254] {
            let set = |kind: Displacement| Insn(kind.set(u32::MAX, distance));
            assert_eq!(set(Displacement::B).imm_b(), distance);
            assert_eq!(set(Displacement::J).imm_j(), distance);
            assert_eq!(set(Displacement::Cb).imm_c_b(), distance);
            assert_eq!(set(Displacement::Cj).imm_c_j(), distance);
            assert_eq!(set(Displacement::I).imm_i(), distance);
        }
        assert_eq!(Insn(Displacement::J.set(0x6f, 0xfffe)).imm_j(), 0xfffe);
        assert_eq!(Insn(Displacement::B.set(0x63, 0xffe)).imm_b(), 0xffe);
        assert_eq!(Insn(Displacement::Cj.set(1, 0x7fe)).imm_c_j(), 0x7fe);
    }

    #[test]
    fn stores_are_found() {
        let of = |bits: u32| store(decode(bits).unwrap(), Insn(bits));
        assert_eq!(of(0x00a5_b023), Some((11, 0, 8))); // sd a0,0(a1)
        assert_eq!(of(0xfea5_8fa3), Some((11, -1, 1))); // sb a0,-1(a1)
        assert_eq!(of(0x00a5_a027), Some((11, 0, 4))); // fsw fa0,0(a1)
        assert_eq!(of(0xe188), Some((11, 0, 8))); // c.sd a0,0(a1)
        assert_eq!(of(0xc188), Some((11, 0, 4))); // c.sw a0,0(a1)
        assert_eq!(of(0xe02a), Some((2, 0, 8))); // c.sdsp a0,0(sp)
        assert_eq!(of(0x0005_b503), None); // ld a0,0(a1)
        assert_eq!(of(0x6188), None); // c.ld a0,0(a1)
        assert_eq!(of(0x6502), None); // c.ldsp a0,0(sp)
    }

    #[test]
    fn operands_are_told_apart() {
        let examine = |bits: u32| {
            let row = decode(bits).unwrap();
            (base(row), written(row, Insn(bits)))
        };
        assert_eq!(examine(0x00c5_8533), (None, 1 << 10)); // add a0,a1,a2
        assert_eq!(examine(0x0005_b503), (Some(Base::Full), 1 << 10)); // ld a0,0(a1)
        assert_eq!(examine(0x00a5_b023), (Some(Base::Full), 0)); // sd a0,0(a1)
        assert_eq!(examine(0x6502), (Some(Base::Stack), 1 << 10)); // c.ldsp a0,0(sp)
        assert_eq!(examine(0xe188), (Some(Base::Compressed), 0)); // c.sd a0,0(a1)
        assert_eq!(examine(0x6188), (Some(Base::Compressed), 1 << 10)); // c.ld a0,0(a1)
        assert_eq!(examine(0x8d0d), (None, 1 << 10)); // c.sub a0,a1
        assert_eq!(examine(0x9582), (None, 1 << 1)); // c.jalr a1
        assert_eq!(examine(0xc181), (None, 0)); // c.beqz a1
        assert_eq!(examine(0x28a6_452f), (Some(Base::Full), 3 << 10)); // amocas.q
    }
}
