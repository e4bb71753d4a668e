use vm_core::float::flags;
use vm_cross_arch::ir::fixed;

use crate::guest::{Guest, riscv64::testing::Fixture};

const DIRTY: u64 = 3 << 13;

fn with_fp() -> Fixture {
    let mut f = Fixture::new();
    f.write(0x300, 1 << 13);
    f
}

#[test]
fn off_makes_all_three_illegal() {
    let mut f = Fixture::new();
    for number in [1, 2, 3] {
        assert_eq!((f.try_csr(number), f.try_write(number, 0)), (None, None));
    }
}

#[test]
fn parts_and_whole_agree() {
    let mut f = with_fp();
    assert_eq!(f.write(3, u64::MAX), 0xff);
    assert_eq!((f.csr(1), f.csr(2)), (0x1f, 7));
    assert_eq!(f.write(1, flags::INEXACT), 1);
    assert_eq!(f.csr(3), 0xe1);
    assert_eq!(f.write(2, 4), 4);
    assert_eq!(f.csr(3), 0x81);
    assert_eq!(
        (f.slot(fixed::FP_FLAGS), f.slot(fixed::FP_ROUNDING)),
        (1, 4)
    );
    f.core.set(fixed::FP_FLAGS, flags::INVALID);
    assert_eq!(f.csr(3), 0x90, "what blocks accrue is read");
}

#[test]
fn reserved_rounding_modes_are_kept_but_not_used() {
    let mut f = with_fp();
    f.write(2, 3);
    let valid = f.hart.context();
    assert_eq!(f.write(2, 5), 5);
    assert_eq!(f.slot(fixed::FP_ROUNDING), 3);
    assert_ne!(f.hart.context(), valid, "blocks are translated anew");
}

#[test]
fn writes_make_dirty_and_reads_do_not() {
    for number in [1, 2, 3] {
        let mut f = with_fp();
        f.csr(number);
        assert_eq!(f.csr(0x300) & DIRTY, 1 << 13);
        f.write(number, 0);
        assert_eq!(f.csr(0x300) & DIRTY, DIRTY);
    }
}
