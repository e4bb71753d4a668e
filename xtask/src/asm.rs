//! A small assembler: enough of RV64 for the programs that this crate generates.

/// Registers.
pub mod reg {
    pub const ZERO: u32 = 0;
    pub const SP: u32 = 2;
    pub const T0: u32 = 5;
    pub const T1: u32 = 6;
    pub const T2: u32 = 7;
    pub const A0: u32 = 10;
    pub const A1: u32 = 11;
    pub const A2: u32 = 12;
    pub const T3: u32 = 28;
    pub const T4: u32 = 29;
}

pub const ECALL: u32 = 0x73;
pub const EBREAK: u32 = 0x0010_0073;
pub const C_EBREAK: u32 = 0x9002;
/// `c.addi16sp -16` and `c.addi16sp 16`.
pub const C_PUSH: u32 = 0x717d;
pub const C_POP: u32 = 0x6141;
pub const WFI: u32 = 0x1050_0073;
pub const FENCE_I: u32 = 0x100f;
pub const MRET: u32 = 0x3020_0073;
pub const SRET: u32 = 0x1020_0073;
/// `sfence.vma x0, x0`.
pub const SFENCE_ALL: u32 = sfence_vma(reg::ZERO, reg::ZERO);

/// SFENCE.VMA of the address and the address space in these registers.
pub const fn sfence_vma(rs1: u32, rs2: u32) -> u32 {
    0x1200_0073 | rs1 << 15 | rs2 << 20
}

const fn i_type(opcode: u32, funct3: u32, rd: u32, rs1: u32, imm: i32) -> u32 {
    (imm as u32) << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode
}

const fn s_type(opcode: u32, funct3: u32, rs2: u32, rs1: u32, imm: i32) -> u32 {
    let imm = imm as u32;
    (imm >> 5 & 0x7f) << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | (imm & 0x1f) << 7 | opcode
}

const fn r_type(funct7: u32, funct3: u32, rd: u32, rs1: u32, rs2: u32) -> u32 {
    funct7 << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | 0x33
}

pub const fn addi(rd: u32, rs1: u32, imm: i32) -> u32 {
    i_type(0x13, 0, rd, rs1, imm)
}
pub const fn addiw(rd: u32, rs1: u32, imm: i32) -> u32 {
    i_type(0x1b, 0, rd, rs1, imm)
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
pub const fn sltiu(rd: u32, rs1: u32, imm: i32) -> u32 {
    i_type(0x13, 3, rd, rs1, imm)
}
pub const fn add(rd: u32, rs1: u32, rs2: u32) -> u32 {
    r_type(0, 0, rd, rs1, rs2)
}
pub const fn sub(rd: u32, rs1: u32, rs2: u32) -> u32 {
    r_type(0x20, 0, rd, rs1, rs2)
}
pub const fn xor(rd: u32, rs1: u32, rs2: u32) -> u32 {
    r_type(0, 4, rd, rs1, rs2)
}
pub const fn and(rd: u32, rs1: u32, rs2: u32) -> u32 {
    r_type(0, 7, rd, rs1, rs2)
}
pub const fn mul(rd: u32, rs1: u32, rs2: u32) -> u32 {
    r_type(1, 0, rd, rs1, rs2)
}
pub const fn lui(rd: u32, imm: u32) -> u32 {
    imm & 0xffff_f000 | rd << 7 | 0x37
}
pub const fn ld(rd: u32, rs1: u32, imm: i32) -> u32 {
    i_type(0x03, 3, rd, rs1, imm)
}
pub const fn lhu(rd: u32, rs1: u32, imm: i32) -> u32 {
    i_type(0x03, 5, rd, rs1, imm)
}
pub const fn fld(fd: u32, rs1: u32, imm: i32) -> u32 {
    i_type(0x07, 3, fd, rs1, imm)
}
pub const fn sh(rs2: u32, rs1: u32, imm: i32) -> u32 {
    s_type(0x23, 1, rs2, rs1, imm)
}
pub const fn sw(rs2: u32, rs1: u32, imm: i32) -> u32 {
    s_type(0x23, 2, rs2, rs1, imm)
}
pub const fn sd(rs2: u32, rs1: u32, imm: i32) -> u32 {
    s_type(0x23, 3, rs2, rs1, imm)
}
/// Of funct3 `kind`: BEQ 0, BNE 1, BLT 4, BGE 5, BLTU 6, BGEU 7.
pub const fn branch(kind: u32, rs1: u32, rs2: u32) -> u32 {
    rs2 << 20 | rs1 << 15 | kind << 12 | 0x63
}
pub const fn jal(rd: u32) -> u32 {
    rd << 7 | 0x6f
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
pub const fn csrrc(rd: u32, csr: u32, rs1: u32) -> u32 {
    i_type(0x73, 3, rd, rs1, csr as i32)
}

/// The upper and lower part of a 32-bit number, for LUI and a signed immediate.
pub const fn split(value: i32) -> (u32, i32) {
    let low = value << 20 >> 20;
    ((value.wrapping_sub(low)) as u32, low)
}

/// Loads a sign-extended 32-bit constant.
pub fn li(rd: u32, value: i32) -> [u32; 2] {
    let (high, low) = split(value);
    [lui(rd, high), addiw(rd, rd, low)]
}
