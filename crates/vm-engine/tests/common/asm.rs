//! A small assembler: enough of RV64 for programs that are written next to
//! the test that runs them.

use super::words;

/// Registers.
pub mod reg {
    pub const ZERO: u32 = 0;
    pub const RA: u32 = 1;
    pub const SP: u32 = 2;
    pub const T0: u32 = 5;
    pub const T1: u32 = 6;
    pub const T2: u32 = 7;
    pub const S0: u32 = 8;
    pub const S1: u32 = 9;
    pub const A0: u32 = 10;
    pub const A1: u32 = 11;
    pub const A2: u32 = 12;
    pub const A3: u32 = 13;
    pub const A4: u32 = 14;
    pub const A5: u32 = 15;
    pub const A6: u32 = 16;
    pub const A7: u32 = 17;
    pub const S2: u32 = 18;
    pub const S3: u32 = 19;
    pub const S4: u32 = 20;
    pub const S5: u32 = 21;
}

pub const NOP: u32 = 0x13;
pub const FENCE: u32 = 0x0ff0_000f;
pub const FENCE_I: u32 = 0x0000_100f;
pub const ECALL: u32 = 0x73;
pub const WFI: u32 = 0x1050_0073;
pub const MRET: u32 = 0x3020_0073;
pub const RET: u32 = jalr(0, 1, 0);

/// CSR numbers.
pub mod csr {
    pub const MSTATUS: u32 = 0x300;
    pub const MIE: u32 = 0x304;
    pub const MTVEC: u32 = 0x305;
    pub const MEPC: u32 = 0x341;
    pub const MCAUSE: u32 = 0x342;
    pub const MTVAL: u32 = 0x343;
    pub const MIP: u32 = 0x344;
    pub const MINSTRET: u32 = 0xb02;
    pub const PMPCFG0: u32 = 0x3a0;
    pub const PMPADDR0: u32 = 0x3b0;
}

const fn i_type(opcode: u32, funct3: u32, rd: u32, rs1: u32, imm: i32) -> u32 {
    (imm as u32) << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode
}

const fn s_type(funct3: u32, rs2: u32, rs1: u32, imm: i32) -> u32 {
    let imm = imm as u32;
    (imm >> 5 & 0x7f) << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | (imm & 0x1f) << 7 | 0x23
}

const fn b_type(funct3: u32, rs1: u32, rs2: u32, distance: i32) -> u32 {
    let d = distance as u32;
    (d >> 12 & 1) << 31
        | (d >> 5 & 0x3f) << 25
        | rs2 << 20
        | rs1 << 15
        | funct3 << 12
        | (d >> 1 & 0xf) << 8
        | (d >> 11 & 1) << 7
        | 0x63
}

const fn r_type(opcode: u32, funct7: u32, funct3: u32, rd: u32, rs1: u32, rs2: u32) -> u32 {
    funct7 << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode
}

pub const fn addi(rd: u32, rs1: u32, imm: i32) -> u32 {
    i_type(0x13, 0, rd, rs1, imm)
}
pub const fn andi(rd: u32, rs1: u32, imm: i32) -> u32 {
    i_type(0x13, 7, rd, rs1, imm)
}
pub const fn slli(rd: u32, rs1: u32, amount: i32) -> u32 {
    i_type(0x13, 1, rd, rs1, amount)
}
pub const fn srli(rd: u32, rs1: u32, amount: i32) -> u32 {
    i_type(0x13, 5, rd, rs1, amount)
}
pub const fn or(rd: u32, rs1: u32, rs2: u32) -> u32 {
    r_type(0x33, 0, 6, rd, rs1, rs2)
}
pub const fn add(rd: u32, rs1: u32, rs2: u32) -> u32 {
    r_type(0x33, 0, 0, rd, rs1, rs2)
}
pub const fn lui(rd: u32, imm20: u32) -> u32 {
    imm20 << 12 | rd << 7 | 0x37
}
pub const fn auipc(rd: u32, imm20: u32) -> u32 {
    imm20 << 12 | rd << 7 | 0x17
}
pub const fn ld(rd: u32, rs1: u32, imm: i32) -> u32 {
    i_type(0x03, 3, rd, rs1, imm)
}
pub const fn lw(rd: u32, rs1: u32, imm: i32) -> u32 {
    i_type(0x03, 2, rd, rs1, imm)
}
pub const fn lhu(rd: u32, rs1: u32, imm: i32) -> u32 {
    i_type(0x03, 5, rd, rs1, imm)
}
pub const fn sb(rs2: u32, rs1: u32, imm: i32) -> u32 {
    s_type(0, rs2, rs1, imm)
}
pub const fn sh(rs2: u32, rs1: u32, imm: i32) -> u32 {
    s_type(1, rs2, rs1, imm)
}
pub const fn sw(rs2: u32, rs1: u32, imm: i32) -> u32 {
    s_type(2, rs2, rs1, imm)
}
pub const fn sd(rs2: u32, rs1: u32, imm: i32) -> u32 {
    s_type(3, rs2, rs1, imm)
}
pub const fn beq(rs1: u32, rs2: u32, distance: i32) -> u32 {
    b_type(0, rs1, rs2, distance)
}
pub const fn bne(rs1: u32, rs2: u32, distance: i32) -> u32 {
    b_type(1, rs1, rs2, distance)
}
pub const fn jal(rd: u32, distance: i32) -> u32 {
    let d = distance as u32;
    (d >> 20 & 1) << 31
        | (d >> 1 & 0x3ff) << 21
        | (d >> 11 & 1) << 20
        | (d >> 12 & 0xff) << 12
        | rd << 7
        | 0x6f
}
pub const fn jalr(rd: u32, rs1: u32, imm: i32) -> u32 {
    i_type(0x67, 0, rd, rs1, imm)
}
pub const fn csrrw(rd: u32, csr: u32, rs1: u32) -> u32 {
    i_type(0x73, 1, rd, rs1, csr as i32)
}
pub const fn csrrs(rd: u32, csr: u32, rs1: u32) -> u32 {
    i_type(0x73, 2, rd, rs1, csr as i32)
}
const fn amo(funct5: u32, funct3: u32, rd: u32, rs2: u32, rs1: u32) -> u32 {
    // Acquire and release.
    r_type(0x2f, funct5 << 2 | 3, funct3, rd, rs1, rs2)
}
pub const fn lr_w(rd: u32, rs1: u32) -> u32 {
    amo(0b00010, 2, rd, 0, rs1)
}
pub const fn sc_w(rd: u32, rs2: u32, rs1: u32) -> u32 {
    amo(0b00011, 2, rd, rs2, rs1)
}
pub const fn lr_d(rd: u32, rs1: u32) -> u32 {
    amo(0b00010, 3, rd, 0, rs1)
}
pub const fn sc_d(rd: u32, rs2: u32, rs1: u32) -> u32 {
    amo(0b00011, 3, rd, rs2, rs1)
}
pub const fn amoadd_w(rd: u32, rs2: u32, rs1: u32) -> u32 {
    amo(0, 2, rd, rs2, rs1)
}
pub const fn amoadd_d(rd: u32, rs2: u32, rs1: u32) -> u32 {
    amo(0, 3, rd, rs2, rs1)
}
pub const fn amoswap_d(rd: u32, rs2: u32, rs1: u32) -> u32 {
    amo(0b00001, 3, rd, rs2, rs1)
}
pub const fn amoswap_w(rd: u32, rs2: u32, rs1: u32) -> u32 {
    amo(0b00001, 2, rd, rs2, rs1)
}
pub const fn amocas_d(rd: u32, rs2: u32, rs1: u32) -> u32 {
    amo(0b00101, 3, rd, rs2, rs1)
}

pub const fn amocas_q(rd: u32, rs2: u32, rs1: u32) -> u32 {
    amo(0b00101, 4, rd, rs2, rs1)
}

/// A program under construction.
#[derive(Default, Clone)]
pub struct Program {
    code: Vec<u32>,
}

impl Program {
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes so far: the offset of the next instruction.
    pub fn here(&self) -> i32 {
        4 * self.code.len() as i32
    }

    pub fn put(&mut self, insns: impl IntoIterator<Item = u32>) -> &mut Self {
        self.code.extend(insns);
        self
    }

    /// Loads a constant of at most 32 bits, zero-extended.
    pub fn li(&mut self, rd: u32, value: u64) -> &mut Self {
        assert!(value >> 32 == 0, "{value:#x}");
        // Sixteen bits at a time, none of them a sign.
        let part = |shift: u32| (value >> shift) as i32;
        self.put([
            addi(rd, 0, part(21) & 0x7ff),
            slli(rd, rd, 11),
            addi(rd, rd, part(10) & 0x7ff),
            slli(rd, rd, 10),
            addi(rd, rd, part(0) & 0x3ff),
        ])
    }

    /// Branches to `target` if the registers differ.
    pub fn bne_to(&mut self, rs1: u32, rs2: u32, target: i32) -> &mut Self {
        let distance = target - self.here();
        self.put([bne(rs1, rs2, distance)])
    }

    /// Branches to `target` if the registers are equal.
    pub fn beq_to(&mut self, rs1: u32, rs2: u32, target: i32) -> &mut Self {
        let distance = target - self.here();
        self.put([beq(rs1, rs2, distance)])
    }

    /// Jumps to `target`.
    pub fn j_to(&mut self, target: i32) -> &mut Self {
        let distance = target - self.here();
        self.put([jal(0, distance)])
    }

    /// Stores `rs` to the stop register, clobbering T0, and waits for the end.
    pub fn stop_with(&mut self, rs: u32) -> &mut Self {
        self.li(reg::T0, super::STOP)
            .put([sd(rs, reg::T0, 0), WFI, jal(0, -4)])
    }

    /// Goes on at offset `to`, the gap filled with no-ops.
    pub fn pad(&mut self, to: i32) -> &mut Self {
        assert!(
            to >= self.here() && to % 4 == 0,
            "{to:#x} {:#x}",
            self.here()
        );
        self.code.resize(to as usize / 4, NOP);
        self
    }

    /// Replaces the instruction at offset `at`.
    pub fn patch(&mut self, at: i32, insn: u32) -> &mut Self {
        self.code[at as usize / 4] = insn;
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        words(&self.code)
    }
}
