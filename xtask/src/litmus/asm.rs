//! The instructions that litmus tests are written in.

pub use crate::asm::{WFI, add, addi, andi, ld, lui, sd, slli, srli, sw, xor};

/// Registers.
pub mod reg {
    pub use crate::asm::reg::{A0, A1, A2, T0, T1, T2, ZERO};

    /// Even, as is [`A2`]: pairs of AMOCAS.Q.
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

/// Registers hold the addresses of an instance's variables from here on.
const VARIABLES: u32 = 24;

/// The register with the address of variable `number`.
pub const fn var(number: u32) -> u32 {
    VARIABLES + number
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

/// Stores the small number `value` to variable `number`; takes T0.
pub const fn put(number: u32, value: i32) -> [u32; 2] {
    [addi(reg::T0, reg::ZERO, value), sd(reg::T0, var(number), 0)]
}

/// Loads variable `number`.
pub const fn get(rd: u32, number: u32) -> u32 {
    ld(rd, var(number), 0)
}
