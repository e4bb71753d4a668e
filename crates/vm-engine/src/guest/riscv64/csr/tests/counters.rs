use crate::guest::riscv64::{Privilege, testing::Fixture};

#[test]
fn a_written_count_is_what_the_next_instruction_reads() {
    for number in [0xb00, 0xb02] {
        let mut f = Fixture::new();
        (f.core.retired, f.core.retired_in_block) = (100, 7);
        assert_eq!(f.csr(number), 107);
        f.write(number, 5000);
        f.core.retired_in_block += 1;
        assert_eq!(f.csr(number), 5000);
        f.core.retired += 10;
        assert_eq!((f.csr(number), f.csr(number + 0x100)), (5010, 5010));
    }
}

#[test]
fn inhibited_counters_stand_still() {
    let mut f = Fixture::new();
    f.core.retired = 10;
    assert_eq!(f.write(0x320, 1), 1);
    f.core.retired = 50;
    assert_eq!((f.csr(0xb00), f.csr(0xb02)), (11, 50));
    f.write(0xb00, 3);
    assert_eq!(f.write(0x320, 4), 4);
    f.core.retired = 61;
    assert_eq!((f.csr(0xb00), f.csr(0xb02)), (13, 51));
}

#[test]
fn time_ticks_at_ten_megahertz() {
    let f = Fixture::new();
    f.clock.set_ns(12_345);
    assert_eq!(f.csr(0xc01), 123);
}

#[test]
fn each_counter_needs_its_enable_bits() {
    for n in 0..32 {
        let mut f = Fixture::new();
        let number = 0xc00 + n;
        assert!(f.try_csr(number).is_some(), "M-mode needs none");
        for (machine, supervisor) in [(false, false), (false, true), (true, false), (true, true)] {
            f.enter(Privilege::Machine)
                .write(0x306, u64::from(machine) << n);
            f.write(0x106, u64::from(supervisor) << n);
            f.enter(Privilege::Supervisor);
            assert_eq!(f.try_csr(number).is_some(), machine, "{n} in S-mode");
            f.enter(Privilege::User);
            assert_eq!(
                f.try_csr(number).is_some(),
                machine && supervisor,
                "{n} in U-mode"
            );
        }
    }
}

#[test]
fn performance_counters_are_zero() {
    let mut f = Fixture::new();
    f.core.retired = 99;
    for n in 3..32 {
        assert_eq!(f.write(0xb00 + n, u64::MAX), 0);
        assert_eq!(f.write(0x320 + n, u64::MAX), 0);
        assert_eq!(f.csr(0xc00 + n), 0);
    }
}
