//! What the fuzzer and its harness (`guests/riscv64/fuzz/harness.S`) agree on.

/// Physical memory of the harness: start and size.
pub const HARNESS: (u64, u64) = (0x1_4000_0000, 0x100_0000);
/// Physical memory that random instructions use.
pub const WINDOW: (u64, u64) = (0x1_8000_0000, 0x4000);
/// Pages of virtual memory, at the window's address, with an entry each.
pub const WINDOW_PTES: usize = 16;
/// Virtual address of the window's one large page.
pub const LARGE_PAGE: u64 = WINDOW.0 + 0x20_0000;
/// Where the harness's gigabyte is mapped for S-mode, from its own address.
pub const ALIAS_DISTANCE: u64 = 0x1_0000_0000;
/// Room for records, with their count.
pub const PAYLOAD_BYTES: usize = 0x70_0000;

/// Words of a record, before its code.
pub const RECORD_WORDS: usize = 112;
/// Words of a signature.
pub const SIGNATURE_WORDS: usize = 118;
/// The signature's word that is not compared: instructions retired.
pub const RETIRED: usize = 85;
/// The signature's count of traps.
pub const TRAPS: usize = 83;
/// The first word of the log of the last traps, four words each.
pub const LOG: usize = 86;

/// The CSRs in a signature, from word 64 on.
const CSRS: [&str; 17] = [
    "mstatus",
    "mepc",
    "mcause",
    "mtval",
    "sepc",
    "scause",
    "stval",
    "medeleg",
    "mideleg",
    "mie",
    "mip",
    "menvcfg",
    "senvcfg",
    "mcounteren",
    "scounteren",
    "satp",
    "mtvec",
];

/// The state in which a record starts.
#[derive(Clone)]
pub struct State {
    /// MPP is the mode it starts in.
    pub mstatus: u64,
    /// Without the root's page number.
    pub satp: u64,
    /// CSRs of the same names.
    pub medeleg: u64,
    /// Likewise.
    pub mideleg: u64,
    /// Likewise.
    pub mie: u64,
    /// Likewise.
    pub mip: u64,
    /// Likewise.
    pub menvcfg: u64,
    /// Likewise.
    pub senvcfg: u64,
    /// Likewise.
    pub mcounteren: u64,
    /// Likewise.
    pub scounteren: u64,
    /// Likewise.
    pub fcsr: u64,
    /// The page-table entry of the gigabyte with the code.
    pub code_pte: u64,
    /// `pmpcfg0` and `pmpcfg2`; the harness owns entries 0, 1 and 15.
    pub pmpcfg: [u64; 2],
    /// `pmpaddr2` to `pmpaddr14`.
    pub pmpaddr: [u64; 13],
    /// The window's page-table entries.
    pub window_ptes: [u64; WINDOW_PTES],
    /// The large page's.
    pub large_pte: u64,
    /// Seed of the window's contents.
    pub fill: u64,
    /// x1 to x31.
    pub x: [u64; 31],
    /// f0 to f31.
    pub f: [u64; 32],
}

impl State {
    /// The record of this state and `code`, whose last four bytes are the call
    /// that ends it.
    pub fn record(&self, code: &[u8], satp: u64) -> Vec<u8> {
        let header = RECORD_WORDS * 8;
        let bytes = (header + code.len()).next_multiple_of(8);
        let alias = if satp == 0 { 0 } else { ALIAS_DISTANCE };
        let mut words = vec![
            bytes as u64,
            header as u64,
            (header + code.len() - 4) as u64,
            self.mstatus,
            satp,
            self.medeleg,
            self.mideleg,
            self.mie,
            self.mip,
            self.menvcfg,
            self.senvcfg,
            self.mcounteren,
            self.scounteren,
            self.fcsr,
            alias,
            self.code_pte,
        ];
        words.extend(self.pmpcfg);
        words.extend(self.pmpaddr);
        words.extend(self.window_ptes);
        words.push(self.large_pte);
        words.push(self.fill);
        words.extend(self.x);
        words.extend(self.f);
        let mut record: Vec<u8> = words.into_iter().flat_map(u64::to_le_bytes).collect();
        record.extend(code);
        record.resize(bytes, 0);
        record
    }
}

/// The name of a word of a signature.
pub fn word_name(word: usize) -> String {
    match word {
        0..31 => format!("x{}", word + 1),
        31..63 => format!("f{}", word - 31),
        63 => "fcsr".to_owned(),
        64..81 => CSRS[word - 64].to_owned(),
        81 => "hash of memory".to_owned(),
        82 => "hash of page tables".to_owned(),
        TRAPS => "traps".to_owned(),
        84 => "hash of traps".to_owned(),
        RETIRED => "instructions".to_owned(),
        _ => {
            let part = ["cause", "address", "value", "status"][(word - LOG) % 4];
            format!("trap log {}, {part}", (word - LOG) / 4)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_have_the_layout_of_the_harness() {
        let state = State {
            mstatus: 3,
            satp: 0,
            medeleg: 0,
            mideleg: 0,
            mie: 0,
            mip: 0,
            menvcfg: 0,
            senvcfg: 0,
            mcounteren: 0,
            scounteren: 0,
            fcsr: 13,
            code_pte: 15,
            pmpcfg: [16, 17],
            pmpaddr: [18; 13],
            window_ptes: [31; WINDOW_PTES],
            large_pte: 47,
            fill: 48,
            x: [49; 31],
            f: [80; 32],
        };
        let record = state.record(&[1, 2, 0x73, 0, 0, 0], 4);
        let word = |n: usize| u64::from_le_bytes(record[8 * n..][..8].try_into().unwrap());
        assert_eq!(record.len(), RECORD_WORDS * 8 + 8);
        assert_eq!(word(0), record.len() as u64);
        assert_eq!((word(1), word(2)), (896, 898));
        for n in [3, 4, 13, 15, 16, 17, 18, 31, 47, 48, 49, 80] {
            assert_eq!(word(n), n as u64);
        }
        assert_eq!(word(111), 80);
        assert_eq!(word(14), ALIAS_DISTANCE);
    }

    #[test]
    fn every_word_has_a_name() {
        assert_eq!(word_name(0), "x1");
        assert_eq!(word_name(62), "f31");
        assert_eq!(word_name(80), "mtvec");
        assert_eq!(word_name(SIGNATURE_WORDS - 1), "trap log 7, status");
    }
}
