//! Which rows were executed, and how often.

use std::{collections::HashMap, fmt::Write as _};

use vm_cross_arch::guest::riscv64::{Row, decode, extensions};

/// How often each row was lifted for execution.
#[derive(Default)]
pub struct Coverage {
    counts: HashMap<&'static str, u64>,
    /// Of bits that are no instruction.
    illegal: u64,
}

impl Coverage {
    /// Counts the instructions in `code`.
    pub fn add(&mut self, mut code: &[u8]) {
        while let [low, high, rest @ ..] = code {
            let mut bits = u32::from(u16::from_le_bytes([*low, *high]));
            code = rest;
            if bits & 3 == 3 {
                let [low, high, rest @ ..] = code else { return };
                bits |= u32::from(u16::from_le_bytes([*low, *high])) << 16;
                code = rest;
            }
            match decode(bits) {
                Some(row) => *self.counts.entry(row.name).or_default() += 1,
                None => self.illegal += 1,
            }
        }
    }

    /// The rows that were not executed.
    pub fn missing(&self, rows: &[&'static Row]) -> Vec<&'static str> {
        let names = rows.iter().map(|row| row.name);
        names
            .filter(|name| !self.counts.contains_key(name))
            .collect()
    }

    /// The table: an extension a paragraph.
    pub fn table(&self, rows: &[&'static Row]) -> String {
        let mut text = String::new();
        for extension in extensions() {
            let in_use = |row: &&Row| rows.iter().any(|r| std::ptr::eq(*r, *row));
            let used: Vec<&Row> = extension.rows.iter().filter(in_use).collect();
            if used.is_empty() {
                continue;
            }
            let count = |row: &&Row| self.counts.get(row.name).copied().unwrap_or(0);
            let total: u64 = used.iter().map(count).sum();
            // Writing to a string cannot fail.
            let _ = write!(text, "{:12} {total:>10} ", extension.name);
            for row in &used {
                let _ = write!(text, " {}={}", row.name, count(row));
            }
            text.push('\n');
        }
        let _ = writeln!(text, "{:12} {:>10}", "(illegal)", self.illegal);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_long_short_and_illegal() {
        let mut coverage = Coverage::default();
        // add a0,a1,a2; c.sub a0,a1; all zeros; half an instruction
        coverage.add(&[0x33, 0x85, 0xc5, 0x00, 0x0d, 0x8d, 0, 0, 0x33, 0x85]);
        let rows = [decode(0x00c5_8533).unwrap(), decode(0x8d0d).unwrap()];
        assert!(coverage.missing(&rows).is_empty());
        assert_eq!(coverage.missing(&[decode(0x73).unwrap()]), ["ecall"]);
        assert_eq!(coverage.illegal, 1);
        let table = coverage.table(&rows);
        assert!(
            table.contains("add=1") && table.contains("c.sub=1"),
            "{table}"
        );
    }
}
