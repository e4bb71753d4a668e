use vm_core::AccessKind;
use vm_cross_arch::{guest::riscv64::regs, ir::fixed};

use crate::guest::riscv64::{
    Extensions, HartConfig,
    Privilege::{Machine, Supervisor},
    envcfg,
    testing::{Fixture, RAM},
};

/// A hart that has been used.
fn used() -> Fixture {
    let mut f = Fixture::new();
    f.write(0x300, u64::MAX);
    for number in [
        0x304, 0x344, 0x302, 0x303, 0x30a, 0x306, 0x3b0, 0x180, 0x340,
    ] {
        f.write(number, 0x222);
    }
    f.write(2, 7);
    f.write(0x3a0, 0x9f);
    f.core.set(regs::x(5), 5);
    f.core.set(regs::f(5), 5);
    f.core.set(fixed::FP_FLAGS, 1);
    f
}

#[test]
fn machine_reset_forgets_everything() {
    let mut f = used();
    f.hart.reset_to_machine(&mut f.core, 0x1000, 3, 4);
    assert_eq!(f.hart.privilege(), Machine);
    assert_eq!(f.csr(0x300), 0xa_0000_0000);
    for number in [
        0x304, 0x344, 0x302, 0x303, 0x30a, 0x306, 0x3b0, 0x3a0, 0x180, 0x340,
    ] {
        assert_eq!(f.csr(number), 0, "{number:#x}");
    }
    assert_eq!(f.csr(0x14d), u64::MAX);
    assert_eq!(
        (
            f.slot(regs::x(5)),
            f.slot(regs::f(5)),
            f.slot(fixed::FP_FLAGS)
        ),
        (0, 0, 0)
    );
    assert!(f.hart.rounding_valid());
    assert_eq!(
        (f.slot(regs::x(10)), f.slot(regs::x(11)), f.slot(fixed::PC)),
        (3, 4, 0x1000)
    );
    assert!(f.load(RAM).is_ok(), "the locked PMP entry is gone");
}

#[test]
fn a_machine_chooses_what_menvcfg_holds_after_reset() {
    let config = |extensions| HartConfig {
        reset_envcfg: envcfg::ADUE | envcfg::PBMTE,
        extensions,
        ..HartConfig::default()
    };
    let mut f = Fixture::with(config(Extensions::default()));
    assert_eq!(f.csr(0x30a), envcfg::ADUE | envcfg::PBMTE);
    f.write(0x30a, 0);
    f.hart.reset_to_machine(&mut f.core, RAM, 0, 0);
    assert_eq!(f.csr(0x30a), envcfg::ADUE | envcfg::PBMTE);
    f.hart.reset_to_supervisor(&mut f.core, RAM, 0, 0);
    f.enter(Machine);
    assert_eq!(f.csr(0x30a), 0xe000_0000_0000_00f0, "firmware decides");
    let f = Fixture::with(config(Extensions {
        svadu: false,
        ..Extensions::default()
    }));
    assert_eq!(f.csr(0x30a), envcfg::PBMTE);
}

#[test]
fn supervisor_gets_everything_it_can_use() {
    let mut f = used();
    f.hart.reset_to_supervisor(&mut f.core, RAM, 3, 4);
    assert_eq!(f.hart.privilege(), Supervisor);
    assert_eq!(
        (f.csr(0x180), f.csr(0x104), f.csr(0x144), f.csr(0x100) & 2),
        (0, 0, 0, 0)
    );
    for kind in [AccessKind::Read, AccessKind::Write, AccessKind::Execute] {
        assert_eq!(f.translate(RAM, kind), Ok(RAM));
    }
    for number in [0xc00, 0xc01, 0xc02, 0x14d] {
        assert!(f.try_csr(number).is_some(), "{number:#x}");
    }
    assert_eq!(f.csr(0x106), 7, "user mode reads time");
    assert_eq!(f.csr(0xc1f), 0, "no such counter, but no trap");
    assert_eq!(f.csr(0x100) >> 13 & 3, 3, "floating point is on");
    assert_eq!(f.write(0x104, u64::MAX), 0x222);
    f.enter(Machine);
    assert_eq!((f.csr(0x302), f.csr(0x303)), (0xb3ff, 0x222));
    assert_eq!(f.csr(0x30a), 0xe000_0000_0000_00f0);
}
