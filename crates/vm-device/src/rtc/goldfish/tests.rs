use std::sync::mpsc;

use proptest::prelude::*;
use vm_core::time::{HostClock, ManualClock};
use vm_testing::receive;

use super::*;
use crate::{
    rtc::{FixedWallClock, HostWallClock},
    testing::TestLine,
};

const BIRTH: u64 = 0x1234_5678_9abc_def0;

struct Bench {
    wall: Arc<FixedWallClock>,
    line: Arc<TestLine>,
    rtc: Arc<GoldfishRtc>,
    _alarms: AlarmService,
}

impl Bench {
    fn new() -> Self {
        let wall = Arc::new(FixedWallClock::at_ns(BIRTH));
        let line = TestLine::new();
        let alarms = AlarmService::start(Arc::new(ManualClock::default())).unwrap();
        let rtc = GoldfishRtc::new(wall.clone(), &alarms, line.clone());
        Self {
            wall,
            line,
            rtc,
            _alarms: alarms,
        }
    }

    fn read(&self, offset: u64) -> u64 {
        self.rtc.read(offset, AccessSize::Word).unwrap()
    }

    fn write(&self, offset: u64, value: u64) {
        self.rtc.write(offset, AccessSize::Word, value).unwrap();
    }

    fn time(&self) -> u64 {
        self.read(TIME_LOW) | self.read(TIME_HIGH) << 32
    }

    fn set_alarm(&self, at: u64) {
        self.write(ALARM_HIGH, at >> 32);
        self.write(ALARM_LOW, at);
    }
}

#[test]
fn reading_the_low_half_latches_the_high_half() {
    let bench = Bench::new();
    assert_eq!(bench.read(TIME_HIGH), 0);
    assert_eq!(bench.read(TIME_LOW), 0x9abc_def0);
    bench.wall.set_ns(BIRTH + (1 << 32));
    assert_eq!(bench.read(TIME_HIGH), 0x1234_5678);
    assert_eq!(bench.time(), BIRTH + (1 << 32));
}

#[test]
fn the_guest_can_set_the_time() {
    let bench = Bench::new();
    bench.write(TIME_HIGH, 1);
    bench.write(TIME_LOW, 2);
    assert_eq!(bench.time(), 1 << 32 | 2);
    bench.wall.set_ns(BIRTH + 10);
    assert_eq!(bench.time(), 1 << 32 | 12);
}

#[test]
fn the_alarm_fires_once_and_is_cleared() {
    let bench = Bench::new();
    bench.write(IRQ_ENABLED, 1);
    bench.set_alarm(BIRTH + 5);
    assert_eq!(bench.read(ALARM_STATUS), 1);
    assert_eq!(
        (bench.read(ALARM_LOW), bench.read(ALARM_HIGH)),
        (0x9abc_def5, 0x1234_5678)
    );
    bench.wall.set_ns(BIRTH + 4);
    bench.rtc.refresh();
    assert!(!bench.line.level());
    bench.wall.set_ns(BIRTH + 5);
    bench.rtc.refresh();
    assert!(bench.line.level());
    assert_eq!(bench.read(ALARM_STATUS), 0);
    bench.write(CLEAR_INTERRUPT, 1);
    assert!(!bench.line.level());
    bench.rtc.refresh();
    assert!(!bench.line.level());
}

#[test]
fn an_alarm_in_the_past_fires_at_once_and_only_the_enable_bit_hides_it() {
    let bench = Bench::new();
    bench.set_alarm(BIRTH - 1);
    assert!(!bench.line.level());
    bench.write(IRQ_ENABLED, 0xffff_ffff);
    assert_eq!(bench.read(IRQ_ENABLED), 1);
    assert!(bench.line.level());
    bench.write(IRQ_ENABLED, 2);
    assert!(!bench.line.level());
}

#[test]
fn a_cleared_alarm_stays_silent_and_setting_the_time_can_fire_one() {
    let bench = Bench::new();
    bench.write(IRQ_ENABLED, 1);
    bench.set_alarm(BIRTH + 5);
    bench.write(CLEAR_ALARM, 0);
    assert_eq!(bench.read(ALARM_STATUS), 0);
    bench.wall.set_ns(BIRTH + 9);
    bench.rtc.refresh();
    assert!(!bench.line.level());
    bench.set_alarm(BIRTH + 100);
    bench.write(TIME_HIGH, 0xffff_ffff);
    assert!(bench.line.level());
}

#[test]
fn the_alarm_service_raises_the_wire() {
    let alarms = AlarmService::start(Arc::new(HostClock::starting_at(0))).unwrap();
    let (tx, rx) = mpsc::channel();
    let line = Arc::new(move |level: bool| {
        if level {
            tx.send(()).unwrap();
        }
    });
    let rtc = GoldfishRtc::new(Arc::new(HostWallClock), &alarms, line);
    let at = HostWallClock.unix_ns() + 2_000_000;
    for (offset, value) in [(IRQ_ENABLED, 1), (ALARM_HIGH, at >> 32), (ALARM_LOW, at)] {
        rtc.write(offset, AccessSize::Word, value).unwrap();
    }
    receive("the alarm", &rx);
    assert_eq!(rtc.read(ALARM_STATUS, AccessSize::Word), Some(0));
}

#[test]
fn only_aligned_words_are_answered() {
    let bench = Bench::new();
    for (offset, size) in [
        (TIME_LOW, AccessSize::Byte),
        (TIME_LOW, AccessSize::Double),
        (TIME_LOW + 2, AccessSize::Word),
    ] {
        assert_eq!(bench.rtc.read(offset, size), None);
        assert_eq!(bench.rtc.write(offset, size, 0), None);
    }
    bench.write(0x100, 5);
    assert_eq!(bench.read(0x100), 0);
    assert_eq!(bench.rtc.name(), "rtc");
}

#[test]
fn saved_state_keeps_the_guests_time_and_alarm() {
    let bench = Bench::new();
    bench.write(TIME_HIGH, 7);
    bench.write(TIME_LOW, 0);
    bench.write(IRQ_ENABLED, 1);
    bench.set_alarm((7 << 32) + 10);
    let saved = bench.rtc.save().unwrap();

    let copy = Bench::new();
    copy.wall.set_ns(BIRTH + 9);
    copy.rtc.restore(&saved).unwrap();
    assert_eq!(copy.time(), (7 << 32) + 9);
    assert!(!copy.line.level());
    copy.wall.set_ns(BIRTH + 10);
    copy.rtc.refresh();
    assert!(copy.line.level());
}

proptest! {
    #[test]
    fn any_sequence_keeps_the_invariants(
        acts in prop::collection::vec((0u64..0x24, 0u64..4, any::<u64>(), any::<u64>()), 0..100),
    ) {
        let bench = Bench::new();
        for (offset, shift, value, wall) in acts {
            let size = AccessSize::from_bytes(1 << shift).unwrap();
            let _ = bench.rtc.write(offset, size, value);
            let _ = bench.rtc.read(offset, size);
            bench.wall.set_ns(wall);
            bench.rtc.refresh();
            let state: State = KIND.load(&bench.rtc.save().unwrap()).unwrap();
            prop_assert_eq!(bench.line.level(), state.irq_enabled && state.irq_pending);
            prop_assert!(!state.armed || state.alarm > bench.time());
        }
    }
}
