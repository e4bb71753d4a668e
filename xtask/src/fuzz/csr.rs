//! Which CSRs random instructions may touch, and why not all.

/// The CSRs with the field FS, of which only Off and Dirty are defined precisely.
pub const HAS_FS: [u16; 2] = [0x100, 0x300];

/// What random instructions may do to a CSR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Anything.
    Free,
    /// Only read it.
    ReadOnly,
    /// Only read it, and only without keeping the value.
    Discard,
    /// Nothing.
    Never,
}

/// The CSRs that random instructions use most.
pub const FAVOURITES: &[u16] = &[
    0x001, 0x001, 0x002, 0x002, 0x003, 0x003, 0x100, 0x104, 0x106, 0x10a, 0x141, 0x142, 0x143,
    0x144, 0x180, 0x300, 0x302, 0x303, 0x304, 0x305, 0x306, 0x30a, 0x341, 0x342, 0x343, 0x344,
    0x3a0, 0x3a1, 0x3a2, 0x3b2, 0x3be, 0x3bf, 0xc00, 0xc01, 0xc02, 0xb00, 0xb02, 0xf14,
];

/// The differences that are allowed: every CSR that has a policy, with the
/// reason. All others are [`Policy::Free`].
const POLICIES: &[(std::ops::RangeInclusive<u16>, Policy, &str)] = &[
    (
        0x105..=0x105,
        Policy::ReadOnly,
        "stvec: the harness's way to its handler",
    ),
    (
        0x106..=0x106,
        Policy::ReadOnly,
        "scounteren: counters past instret need not be there",
    ),
    (
        0x10a..=0x10a,
        Policy::ReadOnly,
        "senvcfg: FIOM need not be there",
    ),
    (
        0x140..=0x140,
        Policy::Never,
        "sscratch: points to the harness's data",
    ),
    (
        0x14d..=0x14d,
        Policy::Discard,
        "stimecmp: raises STIP at a time that differs",
    ),
    (
        0x180..=0x180,
        Policy::ReadOnly,
        "satp: the harness must stay mapped",
    ),
    (
        0x301..=0x301,
        Policy::Discard,
        "misa: may be writable or not",
    ),
    (
        0x302..=0x302,
        Policy::ReadOnly,
        "medeleg: ECALL from S-mode is the harness's way out",
    ),
    (
        0x305..=0x305,
        Policy::ReadOnly,
        "mtvec: the harness's way to its handler",
    ),
    (
        0x306..=0x306,
        Policy::ReadOnly,
        "mcounteren: counters past instret need not be there",
    ),
    (
        0x30a..=0x30a,
        Policy::ReadOnly,
        "menvcfg: ADUE and PBMTE need a fence",
    ),
    (
        0x320..=0x33f,
        Policy::Discard,
        "mcountinhibit, mhpmevent: the choice of events is free",
    ),
    (
        0x340..=0x340,
        Policy::Never,
        "mscratch: points to the harness's data",
    ),
    (
        0x3a0..=0x3a3,
        Policy::ReadOnly,
        "pmpcfg: the harness must stay accessible",
    ),
    (
        0x3a4..=0x3af,
        Policy::Never,
        "pmpcfg: entries past 16 may be illegal or zero",
    ),
    (
        0x3b0..=0x3bf,
        Policy::ReadOnly,
        "pmpaddr: the harness must stay accessible",
    ),
    (
        0x3c0..=0x3ef,
        Policy::Never,
        "pmpaddr: entries past 16 may be illegal or zero",
    ),
    (
        0x5a8..=0x5a8,
        Policy::Never,
        "scontext: triggers are optional",
    ),
    (
        0x6a8..=0x6a8,
        Policy::Never,
        "hcontext: triggers are optional",
    ),
    (0x7a0..=0x7af, Policy::Never, "triggers are optional"),
    (0x7b0..=0x7bf, Policy::Never, "debug mode: optional"),
    (
        0xb00..=0xb1f,
        Policy::Discard,
        "machine counters: cycles are not defined",
    ),
    (
        0xc00..=0xc1f,
        Policy::Discard,
        "counters: cycles and time are not defined",
    ),
    (0xf11..=0xf15, Policy::Discard, "identity: free"),
];

/// The policy for a CSR.
pub fn policy(csr: u16) -> Policy {
    let found = POLICIES.iter().find(|(range, ..)| range.contains(&csr));
    found.map_or(Policy::Free, |&(_, policy, _)| policy)
}

/// Whether an instruction may be used that writes the CSR or not, and keeps the
/// value or not.
pub fn allowed(csr: u16, writes: bool, keeps: bool) -> bool {
    match policy(csr) {
        Policy::Free => true,
        Policy::ReadOnly => !writes,
        Policy::Discard => !writes && !keeps,
        Policy::Never => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies() {
        assert!(allowed(0x300, true, true));
        assert!(allowed(0x180, false, true) && !allowed(0x180, true, true));
        assert!(allowed(0xc00, false, false) && !allowed(0xc00, false, true));
        assert!(!allowed(0x340, false, false));
        assert!(POLICIES.iter().all(|(.., reason)| !reason.is_empty()));
    }
}
