//! The instructions that litmus tests are written in.

/// Registers.
pub mod reg {
    pub const ZERO: u32 = 0;
    pub const T0: u32 = 5;
    pub const T1: u32 = 6;
    pub const T2: u32 = 7;
    pub const A0: u32 = 10;
    pub const A1: u32 = 11;
    pub const A2: u32 = 12;
    /// Even, as are [`A2`] and [`PAIR`]: pairs of AMOCAS.Q.
    pub const PAIR: u32 = 28;
}

/// Acquire and release bits of an atomic.
#[derive(Debug, Clone, Copy)]
pub enum Order {
    Relaxed = 0,
    Release = 1,
    Acquire = 2,
    Both = 3,
}

/// What a fence orders: loads, stores or both.
pub const R: u32 = 2;
pub const W: u32 = 1;
pub const RW: u32 = R | W;

/// `fence before, after`.
pub const fn fence(before: u32, after: u32) -> u32 {
    before << 24 | after << 20 | 0xf
}

pub const WFI: u32 = 0x1050_0073;

/// Registers hold the addresses of an instance's variables from here on.
const VARIABLES: u32 = 24;

/// The register with the address of variable `number`.
pub const fn var(number: u32) -> u32 {
    VARIABLES + number
}

const fn i_type(opcode: u32, funct3: u32, rd: u32, rs1: u32, imm: i32) -> u32 {
    (imm as u32) << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode
}

const fn r_type(funct7: u32, funct3: u32, rd: u32, rs1: u32, rs2: u32) -> u32 {
    funct7 << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | 0x33
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
pub const fn add(rd: u32, rs1: u32, rs2: u32) -> u32 {
    r_type(0, 0, rd, rs1, rs2)
}
pub const fn xor(rd: u32, rs1: u32, rs2: u32) -> u32 {
    r_type(0, 4, rd, rs1, rs2)
}
pub const fn ld(rd: u32, rs1: u32, imm: i32) -> u32 {
    i_type(0x03, 3, rd, rs1, imm)
}
const fn store(funct3: u32, rs2: u32, rs1: u32, imm: i32) -> u32 {
    let imm = imm as u32;
    (imm >> 5 & 0x7f) << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | (imm & 0x1f) << 7 | 0x23
}
pub const fn sw(rs2: u32, rs1: u32, imm: i32) -> u32 {
    store(2, rs2, rs1, imm)
}
pub const fn sd(rs2: u32, rs1: u32, imm: i32) -> u32 {
    store(3, rs2, rs1, imm)
}
/// Of funct3 `kind`: BEQ 0, BNE 1, BGEU 7.
pub const fn branch(kind: u32, rs1: u32, rs2: u32, distance: i32) -> u32 {
    let d = distance as u32;
    (d >> 12 & 1) << 31
        | (d >> 5 & 0x3f) << 25
        | rs2 << 20
        | rs1 << 15
        | kind << 12
        | (d >> 1 & 0xf) << 8
        | (d >> 11 & 1) << 7
        | 0x63
}
pub const fn beq(rs1: u32, rs2: u32, distance: i32) -> u32 {
    branch(0, rs1, rs2, distance)
}
pub const fn bne(rs1: u32, rs2: u32, distance: i32) -> u32 {
    branch(1, rs1, rs2, distance)
}
pub const fn bgeu(rs1: u32, rs2: u32, distance: i32) -> u32 {
    branch(7, rs1, rs2, distance)
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

/// How much an atomic accesses, as its funct3.
#[derive(Debug, Clone, Copy)]
pub enum Size {
    Word = 2,
    Double = 3,
    Quad = 4,
}

const fn amo(funct5: u32, size: Size, order: Order, rd: u32, rs2: u32, rs1: u32) -> u32 {
    funct5 << 27
        | (order as u32) << 25
        | rs2 << 20
        | rs1 << 15
        | (size as u32) << 12
        | rd << 7
        | 0x2f
}
pub const fn amoadd(size: Size, order: Order, rd: u32, rs2: u32, rs1: u32) -> u32 {
    amo(0b00000, size, order, rd, rs2, rs1)
}
pub const fn amoswap(size: Size, order: Order, rd: u32, rs2: u32, rs1: u32) -> u32 {
    amo(0b00001, size, order, rd, rs2, rs1)
}
pub const fn amoor(size: Size, order: Order, rd: u32, rs2: u32, rs1: u32) -> u32 {
    amo(0b01000, size, order, rd, rs2, rs1)
}
pub const fn amomax(size: Size, order: Order, rd: u32, rs2: u32, rs1: u32) -> u32 {
    amo(0b10100, size, order, rd, rs2, rs1)
}
pub const fn amocas(size: Size, order: Order, rd: u32, rs2: u32, rs1: u32) -> u32 {
    amo(0b00101, size, order, rd, rs2, rs1)
}
pub const fn lr(size: Size, order: Order, rd: u32, rs1: u32) -> u32 {
    amo(0b00010, size, order, rd, 0, rs1)
}
pub const fn sc(size: Size, order: Order, rd: u32, rs2: u32, rs1: u32) -> u32 {
    amo(0b00011, size, order, rd, rs2, rs1)
}

/// Loads a constant below 2^31 that is a multiple of 4096.
pub const fn lui(rd: u32, value: u32) -> u32 {
    value & 0xffff_f000 | rd << 7 | 0x37
}

/// Stores the small number `value` to variable `number`; takes T0.
pub const fn put(number: u32, value: i32) -> [u32; 2] {
    [addi(reg::T0, reg::ZERO, value), sd(reg::T0, var(number), 0)]
}

/// Loads variable `number`.
pub const fn get(rd: u32, number: u32) -> u32 {
    ld(rd, var(number), 0)
}
