use std::sync::mpsc;

use proptest::prelude::*;
use vm_core::{
    irq::unconnected,
    time::{Clock, HostClock, ManualClock},
};
use vm_testing::receive;

use super::*;
use crate::testing::TestLine;

const HZ: u64 = 10_000_000;

struct Bench {
    clock: Arc<ManualClock>,
    _alarms: AlarmService,
    aclint: Arc<Aclint>,
    software: Vec<Arc<TestLine>>,
    timer: Vec<Arc<TestLine>>,
}

impl Bench {
    fn new(harts: usize) -> Self {
        let clock = Arc::new(ManualClock::default());
        let alarms = AlarmService::start(clock.clone()).unwrap();
        let software: Vec<_> = (0..harts).map(|_| TestLine::new()).collect();
        let timer: Vec<_> = (0..harts).map(|_| TestLine::new()).collect();
        let lines = software
            .iter()
            .zip(&timer)
            .map(|(software, timer)| HartLines {
                software: software.clone(),
                timer: timer.clone(),
            });
        let aclint = Aclint::new(lines.collect(), HZ, &alarms).unwrap();
        Self {
            clock,
            _alarms: alarms,
            aclint,
            software,
            timer,
        }
    }

    fn read(&self, offset: u64) -> u64 {
        self.aclint.read(offset, AccessSize::Double).unwrap()
    }

    fn write(&self, offset: u64, value: u64) {
        self.aclint
            .write(offset, AccessSize::Double, value)
            .unwrap();
    }

    fn set_ticks(&self, ticks: u64) {
        self.clock.set_ns(ticks * 100);
        self.aclint.counter().refresh();
    }
}

#[test]
fn software_interrupts_are_one_bit_per_hart() {
    let bench = Bench::new(3);
    bench
        .aclint
        .write(4, AccessSize::Word, 0xffff_ffff)
        .unwrap();
    assert_eq!(bench.aclint.read(4, AccessSize::Word), Some(1));
    let levels = || bench.software.iter().map(|l| l.level()).collect::<Vec<_>>();
    assert_eq!(levels(), [false, true, false]);
    bench.aclint.write(4, AccessSize::Word, 2).unwrap();
    assert_eq!(levels(), [false; 3]);
    bench.aclint.write(12, AccessSize::Word, 1).unwrap();
    assert_eq!(bench.aclint.read(12, AccessSize::Word), Some(0));
    assert_eq!(bench.aclint.read(0, AccessSize::Double), None);
    assert_eq!(bench.aclint.write(0, AccessSize::Double, 0), None);
}

#[test]
fn time_follows_the_clock_and_can_be_moved() {
    let bench = Bench::new(1);
    bench.set_ticks(7);
    assert_eq!((bench.read(MTIME), bench.aclint.counter().now()), (7, 7));
    bench.write(MTIME, 0x1_0000_0000);
    bench.set_ticks(9);
    assert_eq!(bench.read(MTIME), 0x1_0000_0002);
    assert_eq!(bench.aclint.read(MTIME, AccessSize::Word), Some(2));
    assert_eq!(bench.aclint.read(MTIME + 4, AccessSize::Word), Some(1));
    bench
        .aclint
        .write(MTIME + 4, AccessSize::Word, 0xffff_ffff)
        .unwrap();
    assert_eq!(bench.read(MTIME), 0xffff_ffff_0000_0002);
    assert_eq!(bench.aclint.counter().offset(), 0xffff_fffe_ffff_fff9);
}

#[test]
fn the_timer_interrupt_is_a_comparison() {
    let bench = Bench::new(2);
    // As on QEMU's board: due from the start.
    assert!(bench.timer[0].level() && bench.read(MTIMECMP) == 0);
    bench.write(MTIMECMP, u64::MAX);
    bench.set_ticks(10);
    assert!(!bench.timer[0].level());
    bench.write(MTIMECMP + 8, 11);
    assert!(!bench.timer[1].level());
    bench.set_ticks(11);
    assert!(bench.timer[1].level() && !bench.timer[0].level());
    bench.write(MTIMECMP + 8, 12);
    assert!(!bench.timer[1].level());
    bench.write(MTIME, 12);
    assert!(bench.timer[1].level());
    bench.write(MTIME, 0);
    assert!(!bench.timer[1].level());
}

#[test]
fn compare_registers_have_halves() {
    let bench = Bench::new(1);
    bench.write(MTIMECMP, u64::MAX);
    bench.aclint.write(MTIMECMP, AccessSize::Word, 5).unwrap();
    assert_eq!(bench.read(MTIMECMP), 0xffff_ffff_0000_0005);
    bench
        .aclint
        .write(MTIMECMP + 4, AccessSize::Word, 0)
        .unwrap();
    assert_eq!(bench.read(MTIMECMP), 5);
    assert_eq!(bench.aclint.read(MTIMECMP + 4, AccessSize::Word), Some(0));
    bench.write(MTIMECMP + 8, 5);
    assert_eq!(bench.read(MTIMECMP + 8), 0);
}

#[test]
fn the_alarm_raises_the_wire() {
    let clock = Arc::new(HostClock::starting_at(0));
    let alarms = AlarmService::start(clock.clone()).unwrap();
    let (tx, rx) = mpsc::channel();
    let timer = Arc::new(move |level: bool| {
        if level {
            tx.send(()).unwrap();
        }
    });
    let lines = HartLines {
        software: unconnected(),
        timer,
    };
    let aclint = Aclint::new(vec![lines], HZ, &alarms).unwrap();
    receive("what is due from the start", &rx);
    let soon = clock.ticks(HZ) + 20_000;
    aclint.write(MTIMECMP, AccessSize::Double, soon).unwrap();
    receive("the timer", &rx);
    assert!(aclint.counter().now() >= soon);
}

#[test]
fn odd_accesses_and_impossible_sizes_are_refused() {
    let bench = Bench::new(1);
    for (offset, size) in [
        (MTIME, AccessSize::Byte),
        (MTIME, AccessSize::Half),
        (MTIME + 4, AccessSize::Double),
        (2, AccessSize::Word),
        (END, AccessSize::Word),
        (WINDOW_LEN - 8, AccessSize::Double),
    ] {
        assert_eq!(bench.aclint.read(offset, size), None, "{offset:#x}");
        assert_eq!(bench.aclint.write(offset, size, 0), None, "{offset:#x}");
    }
    let alarms = AlarmService::start(Arc::new(ManualClock::default())).unwrap();
    let lines = || HartLines {
        software: unconnected(),
        timer: unconnected(),
    };
    let many = (0..=MAX_HARTS).map(|_| lines()).collect();
    assert_eq!(
        Aclint::new(many, HZ, &alarms).err(),
        Some(AclintError::Harts(4096))
    );
    assert_eq!(
        Aclint::new(vec![], 0, &alarms).err(),
        Some(AclintError::Frequency)
    );
    assert_eq!(bench.aclint.name(), "aclint");
}

#[test]
fn saved_state_raises_the_same_wires() {
    let bench = Bench::new(2);
    bench.set_ticks(100);
    bench.write(MTIME, 1000);
    bench.write(MTIMECMP, 1000);
    bench.write(MTIMECMP + 8, 1005);
    bench.aclint.write(4, AccessSize::Word, 1).unwrap();
    let saved = bench.aclint.save().unwrap();

    let copy = Bench::new(2);
    copy.set_ticks(100);
    copy.aclint.restore(&saved).unwrap();
    assert_eq!(copy.read(MTIME), 1000);
    assert!(copy.timer[0].level() && !copy.timer[1].level());
    assert!(copy.software[1].level() && !copy.software[0].level());
    copy.set_ticks(105);
    assert!(copy.timer[1].level());
    let err = Bench::new(1).aclint.restore(&saved).unwrap_err();
    assert!(
        err.to_string().contains("run with 2 vCPUs instead of 1"),
        "{err}"
    );
}

proptest! {
    /// Wires are comparisons, whatever is written where.
    #[test]
    fn any_sequence_keeps_the_invariants(
        acts in prop::collection::vec(
            (
                prop_oneof![0u64..16, MTIMECMP..MTIMECMP + 24, MTIME..MTIME + 8, 0..WINDOW_LEN],
                0u64..4,
                prop_oneof![0u64..64, any::<u64>()],
                0u64..3,
            ),
            0..100,
        ),
    ) {
        let bench = Bench::new(2);
        for (offset, shift, value, advance) in acts {
            let size = AccessSize::from_bytes(1 << shift).unwrap();
            let _ = bench.aclint.write(offset, size, value);
            prop_assert_eq!(
                bench.aclint.read(offset, size).is_some(),
                bench.aclint.write(offset, size, value).is_some());
            bench.clock.advance_ns(advance * 100);
            bench.aclint.counter().refresh();
            for hart in 0..2 {
                let compare = bench.read(MTIMECMP + 8 * hart as u64);
                prop_assert_eq!(bench.timer[hart].level(), bench.read(MTIME) >= compare);
                let msip = bench.aclint.read(4 * hart as u64, AccessSize::Word);
                prop_assert_eq!(msip, Some(bench.software[hart].level().into()));
            }
        }
    }
}
