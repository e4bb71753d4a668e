//! Single rules, with the manual's own examples.

use super::*;

const R: u64 = 1;
const RWX: u64 = 7;
const TOR: u64 = 1 << 3;
const NAPOT: u64 = 3 << 3;
const LOCK: u64 = 1 << 7;

fn reads(pmp: &Pmp, gpa: u64, machine: bool) -> bool {
    pmp.check(GuestPhysAddr(gpa), 8, AccessKind::Read, machine)
}

#[test]
fn after_reset_only_machine_mode_passes() {
    let pmp = Pmp::new();
    assert!(reads(&pmp, 0x8000_0000, true));
    assert!(!reads(&pmp, 0x8000_0000, false));
    let page = pmp.page(GuestPhysAddr(0), false);
    assert_eq!(
        page,
        PagePmp::Uniform {
            r: false,
            w: false,
            x: false
        }
    );
    assert_eq!(PagePmp::Split.perms(), Perms::NONE);
}

#[test]
fn all_ones_napot_covers_everything() {
    let mut pmp = Pmp::new();
    assert_eq!(pmp.write_addr(0, u64::MAX), Some(true));
    assert_eq!(pmp.read_addr(0), Some((1 << 54) - 1));
    assert_eq!(pmp.write_cfg(0, NAPOT | RWX), Some(true));
    assert_eq!(pmp.write_cfg(0, NAPOT | RWX), Some(false));
    for gpa in [0, 0x8000_0000, (1 << 56) - 8] {
        assert!(reads(&pmp, gpa, false));
    }
    assert!(!reads(&pmp, u64::MAX - 3, true), "an access may not wrap");
    let last = pmp.page(GuestPhysAddr(u64::MAX), true);
    assert_eq!(last.perms(), Perms::ALL);
}

#[test]
fn a_locked_entry_binds_machine_mode_and_keeps_its_registers() {
    let mut pmp = Pmp::new();
    pmp.write_addr(0, 0x1000).unwrap();
    pmp.write_addr(1, 0x2000).unwrap();
    pmp.write_cfg(0, (LOCK | TOR | R) << 8).unwrap();
    let write = |gpa| pmp.check(GuestPhysAddr(gpa), 4, AccessKind::Write, true);
    assert!(!write(0x4000));
    assert!(write(0x3ffc) && write(0x8000));
    let before = pmp.save();
    for (index, value) in [(0, 0), (1, 0)] {
        assert_eq!(pmp.write_addr(index, value), Some(false), "pmpaddr{index}");
    }
    assert_eq!(pmp.write_cfg(0, 0), Some(false));
    assert_eq!(pmp.save(), before);
    assert_eq!(pmp.write_addr(2, 1), Some(true));
}

#[test]
fn registers_that_rv64_lacks() {
    let mut pmp = Pmp::new();
    for index in [1, 3, 4, usize::MAX] {
        assert_eq!(pmp.read_cfg(index), None);
        assert_eq!(pmp.write_cfg(index, 0), None);
    }
    assert_eq!(pmp.read_addr(16), None);
    assert_eq!(pmp.write_addr(16, 0), None);
}

#[test]
fn write_without_read_is_not_kept() {
    let mut pmp = Pmp::new();
    pmp.write_cfg(2, 0x7e).unwrap();
    assert_eq!(pmp.read_cfg(2), Some(0x1c));
}

#[test]
fn restoring_drops_impossible_bits() {
    let mut pmp = Pmp::new();
    pmp.restore(&PmpState {
        cfg: [0xff; 16],
        addr: [u64::MAX; 16],
    });
    let saved = pmp.save();
    assert_eq!((saved.cfg[3], saved.addr[3]), (0x9f, (1 << 54) - 1));
}
