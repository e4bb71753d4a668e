use vm_core::snapshot::SnapshotError;
use vm_cross_arch::{guest::riscv64::regs, ir::fixed};

use super::{HartState, KIND};
use crate::guest::riscv64::{
    HartConfig,
    Privilege::{Machine, Supervisor, User},
    testing::{Fixture, RAM},
};

const WRITABLE: &[u64] = &[
    0x302, 0x303, 0x304, 0x305, 0x105, 0x306, 0x106, 0x340, 0x140, 0x341, 0x141, 0x342, 0x142,
    0x343, 0x143, 0x344, 0x30a, 0x10a, 0x320, 0x180, 0x14d, 0x3b0, 0x3b1, 0x3bf, 0x3a0, 0x3a2,
];

/// A hart with something different everywhere.
fn varied() -> Fixture {
    let mut f = Fixture::new();
    f.core.retired = 1000;
    f.write(0x300, u64::MAX);
    for (n, &number) in WRITABLE.iter().enumerate() {
        f.write(number, 0x2222_3333_0000_0891_u64.rotate_left(n as u32));
    }
    f.write(0x180, 9 << 60 | 77 << 44 | RAM >> 12);
    f.write(0x30a, 1 << 63 | 1 << 61 | 0x10);
    f.write(0xb02, 0x5555);
    f.write(0x320, 4);
    f.write(0xb02, 0x5555);
    f.write(0xb00, 0x6666);
    f.write(3, 0xb5);
    for n in 1..32 {
        f.core.set(regs::x(n), u64::from(n) << 40);
        f.core.set(regs::f(n), u64::from(n) << 20);
    }
    f.core.control.set_awaits_start(true);
    f
}

fn all(f: &Fixture) -> Vec<u64> {
    let csrs = [0x300, 1, 2, 3, 0xb00, 0xb02]
        .iter()
        .chain(WRITABLE)
        .map(|&n| f.csr(n));
    csrs.chain((0..64).map(|n| f.core.slots[n])).collect()
}

#[test]
fn everything_survives() {
    let mut old = varied();
    let before = all(&old);
    old.enter(Supervisor);
    let saved = old.hart.save(&old.core, 0x1234).unwrap();
    let mut new = Fixture::new();
    new.core.retired = 7;
    assert_eq!(new.hart.restore(&mut new.core, &saved).unwrap(), 0x1234);
    assert_eq!(new.hart.privilege(), Supervisor);
    assert_eq!(new.core.data_space, old.core.data_space);
    assert_eq!(new.core.accept, old.core.accept);
    assert!(new.core.control.awaits_start());
    assert_eq!(new.slot(fixed::PC), 0x1234);
    new.enter(Machine);
    assert_eq!(all(&new), before);
}

#[test]
fn counters_run_on_from_where_they_were() {
    let mut old = Fixture::new();
    old.core.retired = 500;
    let saved = old.hart.save(&old.core, 0).unwrap();
    let mut new = Fixture::new();
    new.core.retired = 9000;
    new.hart.restore(&mut new.core, &saved).unwrap();
    new.core.retired += 20;
    assert_eq!((new.csr(0xb00), new.csr(0xb02)), (520, 520));
}

#[test]
fn timers_are_armed_again() {
    let mut old = Fixture::supervisor();
    old.write(0x14d, 5);
    let saved = old.hart.save(&old.core, 0).unwrap();
    let mut new = Fixture::new();
    new.clock.set_ns(500);
    new.hart.restore(&mut new.core, &saved).unwrap();
    assert_eq!(new.core.control.lines(), 1 << 5);
}

#[test]
fn states_of_others_and_damaged_ones_are_refused() {
    let old = varied();
    let good = old.hart.state(&old.core, 4);
    let refuse = |state: HartState| {
        let mut f = Fixture::new();
        f.enter(User);
        let saved = KIND.save(&state).unwrap();
        let error = f.hart.restore(&mut f.core, &saved).unwrap_err();
        assert_eq!(f.hart.privilege(), User, "nothing has changed");
        error
    };
    let wrong_hart = refuse(HartState {
        hart_id: 1,
        ..good.clone()
    });
    assert!(
        wrong_hart.to_string().contains("of hart 1, not of hart 0"),
        "{wrong_hart}"
    );
    let wrong_mode = refuse(HartState {
        privilege: 2,
        ..good.clone()
    });
    assert!(matches!(wrong_mode, SnapshotError::Decode { .. }));
    let wrong_satp = refuse(HartState {
        satp: 3 << 60,
        ..good
    });
    assert!(matches!(wrong_satp, SnapshotError::Decode { .. }));
}

#[test]
fn impossible_bits_are_dropped() {
    let old = Fixture::new();
    let state = HartState {
        mstatus: !(1 << 12),
        medeleg: u64::MAX,
        mideleg: u64::MAX,
        mie: u64::MAX,
        mip: u64::MAX,
        mtvec: u64::MAX,
        mepc: u64::MAX,
        menvcfg: u64::MAX,
        ..old.hart.state(&old.core, 0)
    };
    let saved = KIND.save(&state).unwrap();
    let config = HartConfig::default();
    let mut f = Fixture::with(config);
    f.hart.restore(&mut f.core, &saved).unwrap();
    let read = [0x302, 0x303, 0x304, 0x305, 0x341, 0x30a].map(|n| f.csr(n));
    let legal = [
        0xb3ff,
        0x222,
        0xaaa,
        u64::MAX - 2,
        u64::MAX - 1,
        0xe000_0000_0000_00f1,
    ];
    assert_eq!(read, legal);
    assert_eq!(f.csr(0x344), 0x202, "SSIP and SEIP; STIP is the timer's");
    assert_eq!(f.csr(0x300), 0x8000_000a_007e_69aa);
}
