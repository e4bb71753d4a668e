use proptest::prelude::*;
use vm_testing::within;

use super::*;

/// Answers reads with the offset, except at offset 4; remembers the last write.
struct Probe(&'static str, Mutex<Option<(u64, u64)>>);

impl MmioDevice for Probe {
    fn name(&self) -> &str {
        self.0
    }
    fn read(&self, offset: u64, _: AccessSize) -> Option<u64> {
        (offset != 4).then_some(offset | 0xabcd_0000_0000_0000)
    }
    fn write(&self, offset: u64, _: AccessSize, value: u64) -> Option<()> {
        *self.1.lock() = Some((offset, value));
        (offset != 4).then_some(())
    }
}

fn probe(name: &'static str) -> Arc<Probe> {
    Arc::new(Probe(name, Mutex::default()))
}

fn read(bus: &MmioBus, addr: u64, size: AccessSize) -> Option<u64> {
    bus.read(GuestPhysAddr(addr), size).ok()
}

#[test]
fn finds_the_device_and_masks_values() {
    let bus = MmioBus::new();
    let device = probe("p");
    bus.map(GuestPhysAddr(0x1000), 0x10, device.clone())
        .unwrap();
    assert_eq!(read(&bus, 0x1008, AccessSize::Byte), Some(8));
    assert_eq!(
        read(&bus, 0x1008, AccessSize::Double),
        Some(0xabcd_0000_0000_0008)
    );
    bus.write(GuestPhysAddr(0x1002), AccessSize::Half, 0x1_2345)
        .unwrap();
    assert_eq!(*device.1.lock(), Some((2, 0x2345)));
}

#[test]
fn nobody_answers_outside_or_across_a_window_or_where_the_device_refuses() {
    let bus = MmioBus::new();
    assert_eq!(read(&bus, 0, AccessSize::Byte), None);
    bus.map(GuestPhysAddr(0x1000), 0x10, probe("p")).unwrap();
    bus.map(GuestPhysAddr(0x1010), 0x10, probe("q")).unwrap();
    assert_eq!(read(&bus, 0xfff, AccessSize::Byte), None);
    assert_eq!(read(&bus, 0x100d, AccessSize::Word), None);
    assert_eq!(read(&bus, 0x1020, AccessSize::Byte), None);
    assert_eq!(read(&bus, 0x1004, AccessSize::Word), None);
    assert_eq!(
        bus.write(GuestPhysAddr(0x1004), AccessSize::Word, 0),
        Err(BusError {
            addr: GuestPhysAddr(0x1004),
            size: AccessSize::Word
        })
    );
    assert_eq!(read(&bus, u64::MAX, AccessSize::Double), None);
}

#[test]
fn a_window_may_reach_the_last_byte_but_not_wrap() {
    let bus = MmioBus::new();
    let top = GuestPhysAddr(u64::MAX - 0xf);
    assert!(matches!(
        bus.map(top, 0x11, probe("p")),
        Err(MapError::Range { .. })
    ));
    assert!(matches!(
        bus.map(top, 0, probe("p")),
        Err(MapError::Range { .. })
    ));
    bus.map(top, 0x10, probe("p")).unwrap();
    assert_eq!(read(&bus, u64::MAX, AccessSize::Byte), Some(0xf));
    assert_eq!(read(&bus, u64::MAX, AccessSize::Half), None);
}

#[test]
fn an_overlap_names_both_devices() {
    let bus = MmioBus::new();
    bus.map(GuestPhysAddr(0x1000), 0x100, probe("uart0"))
        .unwrap();
    let err = bus.map(GuestPhysAddr(0x10ff), 1, probe("rtc")).unwrap_err();
    assert_eq!(
        err.to_string(),
        "device at 0x10ff-0x10ff rtc overlaps the device at 0x1000-0x10ff uart0: move one of them"
    );
    assert!(bus.map(GuestPhysAddr(0xfff), 2, probe("rtc")).is_err());
    bus.map(GuestPhysAddr(0x1100), 1, probe("rtc")).unwrap();
    let names: Vec<_> = bus.mappings().iter().map(ToString::to_string).collect();
    assert_eq!(names, ["0x1000-0x10ff uart0", "0x1100-0x1100 rtc"]);
}

#[test]
fn unmapping_makes_room() {
    let bus = MmioBus::new();
    bus.map(GuestPhysAddr(0x1000), 0x100, probe("a")).unwrap();
    assert!(bus.unmap(GuestPhysAddr(0x1001)).is_none());
    assert_eq!(bus.unmap(GuestPhysAddr(0x1000)).unwrap().device.name(), "a");
    assert_eq!(read(&bus, 0x1000, AccessSize::Byte), None);
    bus.map(GuestPhysAddr(0x1000), 0x100, probe("b")).unwrap();
}

#[test]
fn replacing_keeps_the_first_of_two_that_overlap() {
    let bus = MmioBus::new();
    bus.map(GuestPhysAddr(0), 0x100, probe("old")).unwrap();
    let mapping = |base, name| Mapping {
        base: GuestPhysAddr(base),
        len: 0x100,
        device: probe(name),
    };
    let refused = bus.replace([
        mapping(0x2000, "a"),
        mapping(0x2080, "b"),
        mapping(0x1000, "c"),
    ]);
    assert_eq!(refused.len(), 1);
    let names: Vec<_> = bus
        .mappings()
        .iter()
        .map(|m| m.device.name().to_owned())
        .collect();
    assert_eq!(names, ["c", "a"]);
}

#[test]
fn readers_see_the_old_or_the_new_mapping_while_it_moves() {
    within("reads of a bus that changes", || {
        let bus = MmioBus::new();
        let fixed = Mapping {
            base: GuestPhysAddr(0x1000),
            len: 0x100,
            device: probe("fixed"),
        };
        let at = |base| Mapping {
            base: GuestPhysAddr(base),
            len: 0x100,
            device: probe("moving"),
        };
        bus.replace([fixed.clone(), at(0x2000)]);
        std::thread::scope(|scope| {
            let mover = scope.spawn(|| {
                for round in 0..2000u64 {
                    bus.replace([fixed.clone(), at(0x2000 + round % 2 * 0x1000)]);
                }
            });
            while !mover.is_finished() {
                assert_eq!(read(&bus, 0x1010, AccessSize::Byte), Some(0x10));
                let moving = [0x2020, 0x3020].map(|addr| read(&bus, addr, AccessSize::Byte));
                assert!(moving.iter().flatten().all(|value| *value == 0x20));
            }
        });
        assert_eq!(read(&bus, 0x3020, AccessSize::Byte), Some(0x20));
        assert_eq!(read(&bus, 0x2020, AccessSize::Byte), None);
    });
}

proptest! {
    /// Against a plain list searched from the front.
    #[test]
    fn agrees_with_a_linear_search(
        windows in prop::collection::vec((0u64..64, 0u64..12), 0..12),
        accesses in prop::collection::vec((0u64..80, 0u64..4), 32),
    ) {
        let bus = MmioBus::new();
        let mut model: Vec<(u64, u64)> = Vec::new();
        for (base, len) in windows {
            let free = len > 0 && model.iter().all(|(b, l)| base >= b + l || *b >= base + len);
            let mapped = bus.map(GuestPhysAddr(base), len, probe("p")).is_ok();
            prop_assert_eq!(mapped, free);
            if free {
                model.push((base, len));
            }
        }
        for (addr, shift) in accesses {
            let size = AccessSize::from_bytes(1 << shift).unwrap();
            let hit = model
                .iter()
                .find(|(b, l)| addr >= *b && addr + size.bytes() <= b + l)
                .map(|(b, _)| addr - b)
                .filter(|offset| *offset != 4);
            let got = read(&bus, addr, size).map(|v| v & 0xff);
            prop_assert_eq!(got, hit);
        }
    }
}
