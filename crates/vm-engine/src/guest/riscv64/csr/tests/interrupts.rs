use crate::guest::riscv64::{Privilege, testing::Fixture};

const SSIP: u64 = 1 << 1;
const STIP: u64 = 1 << 5;
const SEIP: u64 = 1 << 9;

#[test]
fn software_writes_only_the_supervisors_bits() {
    let mut f = Fixture::new();
    assert_eq!(f.write(0x344, u64::MAX), SSIP | STIP | SEIP);
    f.core.control.set_line(3, true);
    f.core.control.set_line(11, true);
    assert_eq!(f.write(0x344, 0), 1 << 3 | 1 << 11);
}

#[test]
fn external_line_and_software_bit_are_told_apart() {
    let mut f = Fixture::new();
    f.core.control.set_line(9, true);
    assert_eq!(f.csr(0x344), SEIP);
    // Setting another bit must not turn the line's level into the software's.
    f.set(0x344, STIP);
    f.core.control.set_line(9, false);
    assert_eq!(f.csr(0x344), STIP);
    f.set(0x344, SEIP);
    f.core.control.set_line(9, true);
    f.clear(0x344, SEIP);
    assert_eq!(f.csr(0x344) & SEIP, SEIP, "the line is still up");
    f.core.control.set_line(9, false);
    assert_eq!(f.csr(0x344) & SEIP, 0);
}

#[test]
fn a_software_interrupt_raised_meanwhile_is_not_lost() {
    let mut f = Fixture::new();
    f.write(0x303, 0x222);
    f.core.control.set_line(1, true);
    f.clear(0x144, 0);
    f.clear(0x144, SEIP);
    f.set(0x344, SEIP);
    assert_eq!(f.csr(0x144) & SSIP, SSIP);
    f.clear(0x144, SSIP);
    assert_eq!(f.csr(0x144) & SSIP, 0);
    assert_eq!(f.core.control.lines(), 0);
}

#[test]
fn supervisor_sees_and_changes_what_is_delegated() {
    let mut f = Fixture::new();
    f.write(0x303, SEIP | SSIP);
    f.write(0x304, STIP | 1 << 7);
    f.write(0x344, SSIP | STIP | SEIP);
    f.enter(Privilege::Supervisor);
    assert_eq!(f.csr(0x144), SSIP | SEIP);
    assert_eq!(f.write(0x144, 0), SEIP, "only SSIP can be cleared");
    assert_eq!(f.write(0x104, u64::MAX), SSIP | SEIP);
    f.enter(Privilege::Machine);
    assert_eq!(f.csr(0x304), SSIP | STIP | SEIP | 1 << 7);
    f.write(0x303, 0);
    f.write(0x344, SSIP);
    f.enter(Privilege::Supervisor);
    f.write(0x144, 0);
    f.write(0x104, 0);
    f.enter(Privilege::Machine);
    assert_eq!(
        (f.csr(0x344), f.csr(0x304)),
        (SSIP, SSIP | STIP | SEIP | 1 << 7)
    );
}
