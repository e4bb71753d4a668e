use crate::guest::{
    Guest,
    riscv64::{Privilege, TIMEBASE_HZ, testing::Fixture},
};

const STCE: u64 = 1 << 63;
const STIP: u64 = 1 << 5;
const TM: u64 = 2;

#[test]
fn supervisor_needs_stce_and_tm() {
    for (stce, tm) in [(false, false), (false, true), (true, false), (true, true)] {
        let mut f = Fixture::new();
        f.write(0x30a, if stce { STCE } else { 0 });
        f.write(0x306, if tm { TM } else { 0 });
        assert_eq!(f.write(0x14d, 7), 7, "M-mode needs nothing");
        f.enter(Privilege::Supervisor);
        assert_eq!(f.try_csr(0x14d).is_some(), stce && tm);
        assert_eq!(f.try_write(0x14d, 8).is_some(), stce && tm);
        f.enter(Privilege::User);
        assert_eq!(f.try_csr(0x14d), None);
    }
}

#[test]
fn comparator_drives_stip_only_while_enabled() {
    let mut f = Fixture::new();
    f.clock.set_ns(10_000);
    f.write(0x14d, 100);
    assert_eq!(f.csr(0x344), 0, "not without STCE");
    f.write(0x344, STIP);
    f.write(0x30a, STCE);
    assert_eq!(f.core.control.lines(), STIP, "due at once");
    f.write(0x14d, 101);
    assert_eq!(
        (f.core.control.lines(), f.csr(0x344)),
        (0, 0),
        "software's bit is hidden"
    );
    assert_eq!(f.write(0x344, STIP), 0, "and cannot be written");
    f.clock.set_ns(10_100);
    assert_eq!(f.csr(0x344), STIP, "read exactly, alarm or not");
    f.write(0x14d, 100);
    f.write(0x30a, 0);
    assert_eq!(
        (f.core.control.lines(), f.csr(0x344)),
        (0, STIP),
        "software's bit is back"
    );
}

#[test]
fn alarm_raises_the_line_and_wakes() {
    let mut f = Fixture::new();
    f.write(0x304, STIP);
    f.write(0x14d, 3);
    f.write(0x30a, STCE);
    assert!(!f.hart.wake_pending(&f.core));
    f.clock.set_ns(300);
    let control = f.core.control.clone();
    control.sleep_until(|| control.lines() & STIP != 0);
    assert!(f.hart.wake_pending(&f.core));
}

#[test]
fn a_machine_whose_counter_is_set_has_one_time() {
    for set_before in [false, true] {
        let mut f = Fixture::new();
        let counter = f.core.machine.alarms.counter(TIMEBASE_HZ);
        f.write(0x30a, STCE);
        let set = |ticks: u64| counter.set(|_| ticks);
        if set_before {
            set(1 << 40);
        }
        f.write(0x14d, (1 << 40) + 5);
        set((1 << 40) + 4);
        assert_eq!((f.csr(0xc01), f.core.control.lines()), ((1 << 40) + 4, 0));
        set((1 << 40) + 5);
        assert_eq!((f.csr(0x344), f.core.control.lines()), (STIP, STIP));
        set(3);
        assert_eq!((f.csr(0xc01), f.core.control.lines()), (3, 0));
        f.clock.set_ns(500);
        assert_eq!(f.csr(0xc01), 8);
    }
}
