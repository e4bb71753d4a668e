//! What the hart is (Privileged 1.13 §3.1.1 to §3.1.5).

use super::Row;

/// MXL = 64 bits; I, M, A, F, D, C, S and U.
const MISA: u64 = {
    let letters = b"IMAFDCSU";
    let mut value = 2 << 62;
    let mut n = 0;
    while n < letters.len() {
        value |= 1 << (letters[n] - b'A');
        n += 1;
    }
    value
};

pub(super) const ROWS: &[Row] = &[
    Row::read_only(0xf11, "mvendorid", |hart, _, _| {
        hart.config.vendor_id.into()
    }),
    Row::read_only(0xf12, "marchid", |hart, _, _| hart.config.arch_id),
    Row::read_only(0xf13, "mimpid", |hart, _, _| hart.config.implementation_id),
    Row::read_only(0xf14, "mhartid", |hart, _, _| hart.config.hart_id),
    Row::read_only(0xf15, "mconfigptr", |_, _, _| 0),
    // No extension can be switched off.
    Row::read_only(0x301, "misa", |_, _, _| MISA),
];

#[cfg(test)]
mod tests {
    #[test]
    fn misa_names_the_extensions() {
        assert_eq!(super::MISA, 0x8000_0000_0014_112d);
    }
}
