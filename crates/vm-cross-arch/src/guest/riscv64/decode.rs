//! From bits to rows.

use std::sync::LazyLock;

use super::{Insn, Row, row::extensions};

/// Rows by the bits that tell most of them apart.
struct Table {
    /// 32-bit instructions, by bits 14:12 and 6:2.
    long: Vec<Vec<&'static Row>>,
    /// 16-bit instructions, by bits 15:13 and 1:0.
    short: Vec<Vec<&'static Row>>,
}

static TABLE: LazyLock<Table> = LazyLock::new(Table::build);

const fn long_index(bits: u32) -> usize {
    (bits >> 2 & 0x1f | bits >> 7 & 0xe0) as usize
}

const fn short_index(bits: u32) -> usize {
    (bits & 3 | bits >> 11 & 0x1c) as usize
}

impl Table {
    fn build() -> Self {
        let long_key = |index: u32| (index & 0x1f) << 2 | (index & 0xe0) << 7 | 3;
        let short_key = |index: u32| index & 3 | (index & 0x1c) << 11;
        let rows: Vec<&Row> = extensions().iter().flat_map(|e| e.rows).collect();
        let bucket = |len: u8, key: u32, key_mask: u32| {
            let fits = |row: &&&Row| {
                let common = row.pattern.mask & key_mask;
                row.pattern.len == len && key & common == row.pattern.value & common
            };
            let mut bucket: Vec<&Row> = rows.iter().filter(fits).copied().collect();
            // The more specific row is the special case of the other.
            bucket.sort_by_key(|row| std::cmp::Reverse(row.pattern.mask.count_ones()));
            bucket
        };
        Self {
            long: (0..256).map(|n| bucket(4, long_key(n), 0x707f)).collect(),
            short: (0..32).map(|n| bucket(2, short_key(n), 0xe003)).collect(),
        }
    }
}

/// Whether these are the low bits of a 16-bit instruction (Unprivileged §1.5).
pub const fn is_compressed(bits: u32) -> bool {
    bits & 3 != 3
}

/// The row of an instruction; `None` if it is illegal or reserved. The upper
/// half of `bits` does not count if the lower is a 16-bit instruction.
pub fn decode(bits: u32) -> Option<&'static Row> {
    let (bucket, insn) = if is_compressed(bits) {
        let bits = bits & 0xffff;
        (&TABLE.short[short_index(bits)], Insn(bits))
    } else {
        (&TABLE.long[long_index(bits)], Insn(bits))
    };
    bucket.iter().copied().find(|row| row.pattern.matches(insn))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_rows() -> Vec<&'static Row> {
        extensions().iter().flat_map(|e| e.rows).collect()
    }

    /// Two rows may share encodings only if one is a special case of the other.
    #[test]
    fn overlapping_rows_are_nested() {
        let rows = all_rows();
        for (n, a) in rows.iter().enumerate() {
            for b in &rows[n + 1..] {
                let (p, q) = (&a.pattern, &b.pattern);
                let common = p.mask & q.mask;
                if p.len != q.len || p.value & common != q.value & common {
                    continue;
                }
                let nested = p.mask != q.mask && (common == p.mask || common == q.mask);
                assert!(nested, "{} and {} overlap", a.name, b.name);
            }
        }
    }

    #[test]
    fn every_row_is_found() {
        for row in all_rows() {
            let lowest_mark = row.pattern.nonzero & row.pattern.nonzero.wrapping_neg();
            // Ones in the fields keep clear of special cases with fixed zeros.
            let fields = !row.pattern.mask & if row.pattern.len == 2 { 0xffff } else { !0 };
            let tries = [
                lowest_mark,
                fields,
                fields & 0x0ff0_0f80,
                row.pattern.nonzero,
            ];
            let found = tries.iter().any(|bits| {
                decode(row.pattern.value | bits).is_some_and(|found| std::ptr::eq(found, row))
            });
            assert!(found, "{} is unreachable", row.name);
        }
    }

    #[test]
    fn reserved_encodings_are_illegal() {
        for bits in [
            0x0000,      // all zeros
            0x0000_0000, // all zeros
            0xffff_ffff, // all ones
            0x0004,      // c.addi4spn with immediate 0
            0x2001,      // c.addiw zero
            0x6081,      // c.lui ra,0
            0x6101,      // c.addi16sp 0
            0x4002,      // c.lwsp zero
            0x6002,      // c.ldsp zero
            0x8002,      // c.jr zero
            0x9c41,      // 100 1 11 with funct2 10
            0x8000,      // quadrant 0, funct3 100
            0x0205_151b, // slliw with shamt bit 5
            0x0205_551b, // srliw with shamt bit 5
            0x10b5_252f, // lr.w with rs2
            0x00c5_d553, // fadd.s with rounding mode 5
            0x00c5_e553, // fadd.s with rounding mode 6
            0x28b6_45af, // amocas.q with odd rd
            0x28b6_452f, // amocas.q with odd rs2
            0x0000_100b, // custom-0
            0x0205_7057, // OP-V
            0x6205_4073, // hlv.b
            0x0220_0073, // hfence-like funct7
            0x0000_4073, // SYSTEM funct3 4
        ] {
            assert!(decode(bits).is_none(), "{bits:#x} {:?}", decode(bits));
        }
    }
}
