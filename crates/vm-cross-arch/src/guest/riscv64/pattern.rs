//! Bit patterns of instructions, parsed at compile time.

use super::{Field, Insn};

/// Which bits an instruction fixes, and which fields the others form.
///
/// Written from the highest bit to the lowest, in words separated by spaces:
/// a run of `0` and `1`, or `field:width`. A field marked `field!:width` takes
/// part in the pattern's one non-zero condition: the marked fields of an
/// instruction may not all be zero. A pattern that is not 16 or 32 bits long,
/// that names an unknown field or puts one in the wrong place does not compile:
///
/// ```
/// # use vm_cross_arch::guest::riscv64::Pattern;
/// const ADD: Pattern = Pattern::parse("0000000 rs2:5 rs1:5 000 rd:5 0110011");
/// ```
/// ```compile_fail
/// # use vm_cross_arch::guest::riscv64::Pattern;
/// const ADD: Pattern = Pattern::parse("000000 rs2:5 rs1:5 000 rd:5 0110011");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pattern {
    /// The fixed bits.
    pub mask: u32,
    /// Their values.
    pub value: u32,
    /// If not zero: bits of which at least one must be set.
    pub nonzero: u32,
    /// Length of the instruction in bytes: 2 or 4.
    pub len: u8,
    /// The set of fields, a bit for each.
    fields: u64,
}

impl Pattern {
    /// Parses a pattern.
    ///
    /// # Panics
    /// On a malformed pattern: a compile error where a constant is wanted.
    pub const fn parse(text: &str) -> Self {
        let text = text.as_bytes();
        let width = width(text);
        assert!(
            width == 16 || width == 32,
            "a pattern has 16 or 32 bits in all"
        );
        let mut pattern = Self {
            mask: 0,
            value: 0,
            nonzero: 0,
            len: (width / 8) as u8,
            fields: 0,
        };
        let mut left = width;
        let mut at = 0;
        while at < text.len() {
            match text[at] {
                b' ' => at += 1,
                bit @ (b'0' | b'1') => {
                    left -= 1;
                    pattern.mask |= 1 << left;
                    pattern.value |= ((bit - b'0') as u32) << left;
                    at += 1;
                }
                _ => {
                    let word = Word::parse(text, at);
                    left -= word.width;
                    pattern.add_field(text, &word, left);
                    at = word.end;
                }
            }
        }
        pattern.check_length_bits();
        pattern
    }

    const fn add_field(&mut self, text: &[u8], word: &Word, shift: u32) {
        let field = lookup(text, word.start, word.name_end);
        assert!(word.width == field.width(), "the field has another width");
        assert!(shift == field.shift(), "the field lies at another place");
        self.fields |= 1 << field as u8;
        if word.nonzero {
            self.nonzero |= field.mask();
        }
    }

    /// The low two bits tell the length: 3 for 32 bits (Unprivileged §1.5).
    const fn check_length_bits(&self) {
        assert!(self.mask & 3 == 3, "the low two bits are not fixed");
        assert!(
            (self.value & 3 == 3) == (self.len == 4),
            "the low two bits belong to the other length"
        );
    }

    /// Whether the pattern has the field.
    pub const fn has(&self, field: Field) -> bool {
        self.fields & (1 << field as u8) != 0
    }

    /// Whether an instruction fits the pattern and uses no reserved value.
    pub const fn matches(&self, insn: Insn) -> bool {
        insn.0 & self.mask == self.value
            && (self.nonzero == 0 || insn.0 & self.nonzero != 0)
            && !(self.has(Field::Rm) && matches!(insn.rm(), 5 | 6))
    }
}

/// A `field:width` word, by positions in the text.
struct Word {
    start: usize,
    name_end: usize,
    end: usize,
    nonzero: bool,
    width: u32,
}

impl Word {
    const fn parse(text: &[u8], start: usize) -> Self {
        let mut at = start;
        while at < text.len() && (text[at] == b'_' || text[at].is_ascii_alphanumeric()) {
            at += 1;
        }
        let name_end = at;
        let nonzero = at < text.len() && text[at] == b'!';
        if nonzero {
            at += 1;
        }
        assert!(
            at < text.len() && text[at] == b':',
            "a field is written name:width"
        );
        at += 1;
        let mut width = 0;
        while at < text.len() && text[at].is_ascii_digit() {
            width = width * 10 + (text[at] - b'0') as u32;
            at += 1;
        }
        assert!(0 < width && width <= 32, "a field has 1 to 32 bits");
        Self {
            start,
            name_end,
            end: at,
            nonzero,
            width,
        }
    }
}

/// The sum of all words' widths.
const fn width(text: &[u8]) -> u32 {
    let (mut at, mut width) = (0, 0);
    while at < text.len() {
        match text[at] {
            b' ' => at += 1,
            b'0' | b'1' => {
                width += 1;
                at += 1;
            }
            _ => {
                let word = Word::parse(text, at);
                width += word.width;
                at = word.end;
            }
        }
    }
    width
}

const fn lookup(text: &[u8], start: usize, end: usize) -> Field {
    let mut n = 0;
    while n < Field::ALL.len() {
        if same(text, start, end, Field::ALL[n].name().as_bytes()) {
            return Field::ALL[n];
        }
        n += 1;
    }
    panic!("a pattern names an unknown field")
}

/// Whether `text[start..end]` is `word`: slices cannot be compared in constants.
pub(super) const fn same(text: &[u8], start: usize, end: usize, word: &[u8]) -> bool {
    if end - start != word.len() {
        return false;
    }
    let mut n = 0;
    while n < word.len() {
        if text[start + n] != word[n] {
            return false;
        }
        n += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_bits_and_fields() {
        let pattern = Pattern::parse("0000000 rs2:5 rs1:5 000 rd:5 0110011");
        assert_eq!(pattern.mask, 0xfe00_707f);
        assert_eq!(pattern.value, 0x33);
        assert_eq!(pattern.len, 4);
        assert!(pattern.has(Field::Rs2) && !pattern.has(Field::Rm));
        assert!(pattern.matches(Insn(0x00c5_8533)));
        assert!(!pattern.matches(Insn(0x40c5_8533)));
    }

    #[test]
    fn marked_fields_may_not_all_be_zero() {
        let pattern = Pattern::parse("011 c_imm1!:1 rd:5 c_imm5!:5 01");
        assert_eq!((pattern.len, pattern.nonzero), (2, 0x107c));
        assert!(pattern.matches(Insn(0x7001)));
        assert!(pattern.matches(Insn(0x6005)));
        assert!(!pattern.matches(Insn(0x6081)));
    }

    #[test]
    fn reserved_rounding_modes_do_not_match() {
        let pattern = Pattern::parse("0000000 rs2:5 rs1:5 rm:3 rd:5 1010011");
        for rm in 0..8 {
            assert_eq!(pattern.matches(Insn(0x53 | rm << 12)), !matches!(rm, 5 | 6));
        }
    }

    #[test]
    #[should_panic(expected = "16 or 32 bits in all")]
    fn a_missing_bit_is_refused() {
        Pattern::parse("000000 rs2:5 rs1:5 000 rd:5 0110011");
    }

    #[test]
    #[should_panic(expected = "unknown field")]
    fn an_unknown_field_is_refused() {
        Pattern::parse("0000000 rs9:5 rs1:5 000 rd:5 0110011");
    }

    #[test]
    #[should_panic(expected = "another width")]
    fn a_wrong_width_is_refused() {
        Pattern::parse("00000000 rs2:4 rs1:5 000 rd:5 0110011");
    }

    #[test]
    #[should_panic(expected = "another place")]
    fn a_wrong_place_is_refused() {
        Pattern::parse("0000000 rs1:5 rs2:5 000 rd:5 0110011");
    }

    #[test]
    #[should_panic(expected = "name:width")]
    fn a_missing_width_is_refused() {
        Pattern::parse("0000000 rs2 rs1:5 000 rd:5 0110011");
    }

    #[test]
    #[should_panic(expected = "other length")]
    fn a_wrong_length_mark_is_refused() {
        Pattern::parse("0000000 rs2:5 rs1:5 000 rd:5 0110010");
    }
}
