//! The disassembler against GNU objdump's.
//!
//! `objdump.txt` holds an address, an encoding and its text on each line: three
//! or four encodings with random fields for each row, and every CSR with a name.
//! The texts are those of GNU Binutils 2.44. To add lines, put the encodings
//! into a file `words`, one `LENGTH BITS` a line, and run
//!
//! ```text
//! isa=rv64gc_zihintpause_zihintntl_zicbom_zicboz_zicbop_zicond_zba_zbb_zbc_zbs_zawrs_zacas_svinval
//! sed 's/\(.\) \(.*\)/.insn \1, 0x\2/' words > words.s
//! riscv64-linux-gnu-as -march=$isa words.s -o words.o
//! riscv64-linux-gnu-objdump -d -M no-aliases --adjust-vma=0x80000000 words.o
//! ```
//!
//! then drop comments and symbols and put one space before the operands.

use super::super::{decode, disassemble};
use super::*;

/// Address, bits and text of each line.
pub(super) fn golden() -> impl Iterator<Item = (u64, u32, &'static str)> {
    include_str!("objdump.txt").lines().map(|line| {
        let mut parts = line.splitn(3, ' ');
        let mut part = || parts.next().expect("three parts a line");
        let address = u64::from_str_radix(part(), 16).expect("an address");
        let bits = u32::from_str_radix(part(), 16).expect("an encoding");
        (address, bits, part())
    })
}

#[test]
fn texts_agree() {
    for (address, bits, text) in golden() {
        assert_eq!(disassemble(bits, address), text, "{bits:#x}");
    }
}

#[test]
fn every_row_is_covered() {
    for row in rows() {
        let covered =
            golden().any(|(_, bits, _)| decode(bits).is_some_and(|r| std::ptr::eq(r, row)));
        assert!(covered, "{} has no line", row.name);
    }
}
