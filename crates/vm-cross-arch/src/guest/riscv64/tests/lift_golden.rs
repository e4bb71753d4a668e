//! The IR of every row, in `lift.ir`: a change of meaning shows in its diff.
//!
//! The encodings are those of `objdump.txt`: of each row the first one that has
//! most ops (results for x0 often have none). After a wanted
//! change, run the test with `BLESS=1` in the environment to rewrite the file,
//! and review what changed.

use std::{cmp::Reverse, fmt::Write as _};

use super::super::{decode, disassemble};
use super::*;

fn text() -> String {
    let mut text = String::new();
    for row in rows() {
        let (address, bits, block) = objdump::golden()
            .filter(|&(_, bits, _)| decode(bits).is_some_and(|r| std::ptr::eq(r, row)))
            .map(|(address, bits, _)| (address, bits, lift(&[bits], 1).expect("whole")))
            .min_by_key(|(_, _, block)| Reverse(block.ops.len()))
            .expect("a golden encoding");
        let name = disassemble(bits, address);
        write!(text, "# {address:x}: {name}\n{block}\n").expect("a string takes it");
    }
    text
}

#[test]
fn every_row_lifts_as_reviewed() {
    let text = text();
    if std::env::var_os("BLESS").is_some() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/src/guest/riscv64/tests/lift.ir"
        );
        std::fs::write(path, &text).expect("the golden file is writable");
        return;
    }
    for (n, (ours, golden)) in text
        .lines()
        .zip(include_str!("lift.ir").lines())
        .enumerate()
    {
        assert_eq!(ours, golden, "line {}", n + 1);
    }
    assert_eq!(text.len(), include_str!("lift.ir").len());
}
