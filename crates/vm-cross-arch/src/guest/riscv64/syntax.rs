//! Operand syntax: how an instruction's operands are written.

use std::fmt::Write as _;

use super::{Insn, csr_name, pattern::same};

/// Operands as the disassembler prints them: names of operands, with all other
/// characters copied. The names are checked at compile time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Syntax {
    text: &'static str,
    /// Whether an operand is a floating-point register.
    pub uses_fp: bool,
}

/// How one kind of operand is printed.
#[derive(Clone, Copy)]
enum Format {
    /// An integer register.
    X(fn(Insn) -> u8),
    /// A floating-point register.
    F(fn(Insn) -> u8),
    /// A signed number.
    Decimal(fn(Insn) -> i32),
    /// An unsigned number, in hexadecimal.
    Hex(fn(Insn) -> u32),
    /// An address relative to the instruction.
    Target(fn(Insn) -> i32),
    /// A CSR.
    Csr,
    /// A set of accesses of a fence.
    FenceSet(fn(Insn) -> u8),
    /// The rounding mode; the dynamic one is left out, with the comma before it.
    Rounding,
    /// A register the instruction implies.
    Text(&'static str),
}

const OPERANDS: &[(&str, Format)] = &[
    ("rd", Format::X(Insn::rd)),
    ("rs1", Format::X(Insn::rs1)),
    ("rs2", Format::X(Insn::rs2)),
    ("fd", Format::F(Insn::rd)),
    ("fs1", Format::F(Insn::rs1)),
    ("fs2", Format::F(Insn::rs2)),
    ("fs3", Format::F(Insn::rs3)),
    ("imm_i", Format::Decimal(Insn::imm_i)),
    ("imm_s", Format::Decimal(Insn::imm_s)),
    // The address is that of a block: the low five bits are the operation.
    ("imm_prefetch", Format::Decimal(|i| i.imm_s() & !31)),
    ("imm_u", Format::Hex(|i| i.imm_u() as u32 >> 12)),
    ("imm_b", Format::Target(Insn::imm_b)),
    ("imm_j", Format::Target(Insn::imm_j)),
    ("shamt5", Format::Hex(|i| i.shamt5() as u32)),
    ("shamt6", Format::Hex(|i| i.shamt6() as u32)),
    ("csr", Format::Csr),
    ("uimm", Format::Decimal(|i| i.uimm() as i32)),
    ("pred", Format::FenceSet(Insn::pred)),
    ("succ", Format::FenceSet(Insn::succ)),
    ("rm", Format::Rounding),
    ("sp", Format::Text("sp")),
    ("c_rs2", Format::X(Insn::c_rs2)),
    ("rs1_p", Format::X(Insn::rs1_p)),
    ("rs2_p", Format::X(Insn::rs2_p)),
    ("rd_p", Format::X(Insn::rd_p)),
    ("c_fs2", Format::F(Insn::c_rs2)),
    ("fs2_p", Format::F(Insn::rs2_p)),
    ("fd_p", Format::F(Insn::rd_p)),
    ("imm_ci", Format::Decimal(Insn::imm_ci)),
    ("shamt_c", Format::Hex(|i| i.shamt_c() as u32)),
    // The assembler writes the 20 bits that LUI itself would hold.
    ("imm_c_lui", Format::Hex(|i| i.imm_c_lui() as u32 >> 12)),
    ("imm_c_addi16sp", Format::Decimal(Insn::imm_c_addi16sp)),
    ("imm_c_addi4spn", Format::Decimal(Insn::imm_c_addi4spn)),
    ("imm_c_word", Format::Decimal(Insn::imm_c_word)),
    ("imm_c_double", Format::Decimal(Insn::imm_c_double)),
    ("imm_c_lwsp", Format::Decimal(Insn::imm_c_lwsp)),
    ("imm_c_ldsp", Format::Decimal(Insn::imm_c_ldsp)),
    ("imm_c_swsp", Format::Decimal(Insn::imm_c_swsp)),
    ("imm_c_sdsp", Format::Decimal(Insn::imm_c_sdsp)),
    ("imm_c_b", Format::Target(Insn::imm_c_b)),
    ("imm_c_j", Format::Target(Insn::imm_c_j)),
];

const X_NAMES: [&str; 32] = [
    "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4",
    "a5", "a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4",
    "t5", "t6",
];

const F_NAMES: [&str; 32] = [
    "ft0", "ft1", "ft2", "ft3", "ft4", "ft5", "ft6", "ft7", "fs0", "fs1", "fa0", "fa1", "fa2",
    "fa3", "fa4", "fa5", "fa6", "fa7", "fs2", "fs3", "fs4", "fs5", "fs6", "fs7", "fs8", "fs9",
    "fs10", "fs11", "ft8", "ft9", "ft10", "ft11",
];

/// Rounding modes, by encoding.
const ROUNDING: [&str; 5] = ["rne", "rtz", "rdn", "rup", "rmm"];

/// Where the identifier that starts at `start` ends; `start` if there is none.
const fn identifier_end(text: &[u8], start: usize) -> usize {
    let mut at = start;
    while at < text.len() && (text[at] == b'_' || text[at].is_ascii_alphanumeric()) {
        at += 1;
    }
    at
}

/// The operand named `text[start..end]`.
const fn lookup(text: &[u8], start: usize, end: usize) -> Option<Format> {
    let mut n = 0;
    while n < OPERANDS.len() {
        if same(text, start, end, OPERANDS[n].0.as_bytes()) {
            return Some(OPERANDS[n].1);
        }
        n += 1;
    }
    None
}

impl Syntax {
    /// Checks a syntax.
    ///
    /// # Panics
    /// If it names an unknown operand: a compile error where a constant is wanted.
    pub const fn parse(text: &'static str) -> Self {
        let bytes = text.as_bytes();
        let (mut at, mut uses_fp) = (0, false);
        while at < bytes.len() {
            let end = identifier_end(bytes, at);
            if end == at {
                at += 1;
                continue;
            }
            match lookup(bytes, at, end) {
                Some(Format::F(_)) => uses_fp = true,
                // "0" stands in `0(rs1)`-like syntax.
                None if !bytes[at].is_ascii_digit() => panic!("a syntax names an unknown operand"),
                _ => {}
            }
            at = end;
        }
        Self { text, uses_fp }
    }

    /// The operands' names, as the table of instructions has them.
    pub const fn text(&self) -> &'static str {
        self.text
    }

    /// Whether there are no operands.
    pub const fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Writes the operands of the instruction at `pc`.
    pub(super) fn write(&self, out: &mut String, insn: Insn, pc: u64) {
        let mut rest = self.text;
        while let Some(first) = rest.chars().next() {
            let end = identifier_end(rest.as_bytes(), 0).max(first.len_utf8());
            match lookup(rest.as_bytes(), 0, end) {
                Some(format) => format.write(out, insn, pc),
                None => out.push_str(&rest[..end]),
            }
            rest = &rest[end..];
        }
    }
}

impl Format {
    fn write(self, out: &mut String, insn: Insn, pc: u64) {
        let written = match self {
            Self::X(register) => write!(out, "{}", X_NAMES[usize::from(register(insn) & 31)]),
            Self::F(register) => write!(out, "{}", F_NAMES[usize::from(register(insn) & 31)]),
            Self::Decimal(value) => write!(out, "{}", value(insn)),
            Self::Hex(value) => write!(out, "{:#x}", value(insn)),
            Self::Target(distance) => {
                write!(out, "{:x}", pc.wrapping_add_signed(distance(insn).into()))
            }
            Self::Csr => match csr_name(insn.csr()) {
                Some(name) => write!(out, "{name}"),
                None => write!(out, "{:#x}", insn.csr()),
            },
            Self::FenceSet(set) => write!(out, "{}", fence_set(set(insn))),
            Self::Rounding => match ROUNDING.get(usize::from(insn.rm())) {
                Some(mode) => write!(out, "{mode}"),
                None => {
                    out.pop();
                    Ok(())
                }
            },
            Self::Text(text) => write!(out, "{text}"),
        };
        debug_assert!(written.is_ok(), "writing to a string cannot fail");
    }
}

fn fence_set(set: u8) -> String {
    let letters: String = "iorw"
        .chars()
        .zip([8, 4, 2, 1])
        .filter_map(|(letter, bit)| (set & bit != 0).then_some(letter))
        .collect();
    if letters.is_empty() {
        "unknown".to_owned()
    } else {
        letters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_which_operands_are_floating_point() {
        assert!(!Syntax::parse("rd,imm_i(rs1)").uses_fp);
        assert!(Syntax::parse("fd,imm_i(rs1)").uses_fp);
        assert!(Syntax::parse("rd,fs1").uses_fp);
        assert!(Syntax::parse("").is_empty());
    }

    #[test]
    #[should_panic(expected = "unknown operand")]
    fn an_unknown_operand_is_refused() {
        Syntax::parse("rd,rs9");
    }

    #[test]
    fn fence_sets() {
        assert_eq!(fence_set(0b1111), "iorw");
        assert_eq!(fence_set(0b0101), "ow");
        assert_eq!(fence_set(0), "unknown");
    }
}
