//! Names of control and status registers, for the disassembler.

use std::borrow::Cow;

/// Single registers, by number (Privileged §2.2, and the extensions' own chapters).
const NAMES: &[(u16, &str)] = &[
    (0x001, "fflags"),
    (0x002, "frm"),
    (0x003, "fcsr"),
    (0x100, "sstatus"),
    (0x104, "sie"),
    (0x105, "stvec"),
    (0x106, "scounteren"),
    (0x10a, "senvcfg"),
    (0x140, "sscratch"),
    (0x141, "sepc"),
    (0x142, "scause"),
    (0x143, "stval"),
    (0x144, "sip"),
    (0x14d, "stimecmp"),
    (0x180, "satp"),
    (0x300, "mstatus"),
    (0x301, "misa"),
    (0x302, "medeleg"),
    (0x303, "mideleg"),
    (0x304, "mie"),
    (0x305, "mtvec"),
    (0x306, "mcounteren"),
    (0x30a, "menvcfg"),
    (0x320, "mcountinhibit"),
    (0x340, "mscratch"),
    (0x341, "mepc"),
    (0x342, "mcause"),
    (0x343, "mtval"),
    (0x344, "mip"),
    (0x747, "mseccfg"),
    (0xb00, "mcycle"),
    (0xb02, "minstret"),
    (0xc00, "cycle"),
    (0xc01, "time"),
    (0xc02, "instret"),
    (0xf11, "mvendorid"),
    (0xf12, "marchid"),
    (0xf13, "mimpid"),
    (0xf14, "mhartid"),
    (0xf15, "mconfigptr"),
];

/// Rows of registers: the first one's number and index, how many, the name's stem.
const ARRAYS: &[(u16, u16, u16, &str)] = &[
    (0x323, 3, 29, "mhpmevent"),
    (0x3a0, 0, 16, "pmpcfg"),
    (0x3b0, 0, 64, "pmpaddr"),
    (0xb03, 3, 29, "mhpmcounter"),
    (0xc03, 3, 29, "hpmcounter"),
];

/// The name of a CSR, if it has one.
pub fn csr_name(number: u16) -> Option<Cow<'static, str>> {
    if let Ok(n) = NAMES.binary_search_by_key(&number, |&(csr, _)| csr) {
        return Some(NAMES[n].1.into());
    }
    ARRAYS.iter().find_map(|&(start, index, count, stem)| {
        let n = number.checked_sub(start).filter(|&n| n < count)?;
        Some(format!("{stem}{}", index + n).into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_order() {
        assert!(NAMES.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn single_registers_and_arrays_have_names() {
        assert_eq!(csr_name(0x180).as_deref(), Some("satp"));
        assert_eq!(csr_name(0x3ef).as_deref(), Some("pmpaddr63"));
        assert_eq!(csr_name(0xc1f).as_deref(), Some("hpmcounter31"));
        assert_eq!(csr_name(0xc20), None);
        assert_eq!(csr_name(0x7c0), None);
    }
}
