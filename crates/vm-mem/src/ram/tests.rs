use std::{
    sync::{
        Weak,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use parking_lot::Mutex;
use proptest::prelude::*;

use super::*;
use vm_core::AccessSize::{self, *};

const BASE: GuestPhysAddr = GuestPhysAddr(0x8000_0000);

fn two_regions() -> GuestRam {
    GuestRam::new(&[(BASE, 0x3000), (GuestPhysAddr(0x1000), 0x1000)]).unwrap()
}

#[test]
fn host_pointers_stay_inside_one_region() {
    let ram = two_regions();
    assert!(ram.host_ptr(BASE, 0x3000).is_some());
    assert!(ram.host_ptr(BASE, 0x3001).is_none());
    assert!(ram.host_ptr(GuestPhysAddr(0x8000_2fff), 1).is_some());
    assert!(ram.host_ptr(GuestPhysAddr(0x8000_2fff), 2).is_none());
    assert!(ram.host_ptr(GuestPhysAddr(0x8000_3000), 0).is_none());
    assert!(ram.host_ptr(GuestPhysAddr(0x1fff), 1).is_some());
    assert!(ram.host_ptr(GuestPhysAddr(0x2000), 1).is_none());
    assert!(ram.host_ptr(GuestPhysAddr(0xfff), 1).is_none());
    assert!(ram.host_ptr(GuestPhysAddr(u64::MAX), 1).is_none());
    assert!(ram.host_ptr(GuestPhysAddr(0x8000_2fff), u64::MAX).is_none());
    assert!(ram.contains(BASE, 0x3000) && !ram.contains(BASE, 0x3001));
    let ranges: Vec<_> = ram
        .host_ranges()
        .map(|range| range.end - range.start)
        .collect();
    assert_eq!(ranges, [0x1000, 0x3000]);
    let low = ram.host_ptr(BASE, 1).unwrap().addr().get();
    let high = ram
        .host_ptr(GuestPhysAddr(0x8000_2345), 1)
        .unwrap()
        .addr()
        .get();
    assert_eq!(high - low, 0x2345);
}

#[test]
fn regions_are_sorted_and_summed() {
    let ram = two_regions();
    let regions: Vec<_> = ram.regions().collect();
    assert_eq!(regions, [(GuestPhysAddr(0x1000), 0x1000), (BASE, 0x3000)]);
    assert_eq!(ram.size(), 0x4000);
    assert!(format!("{ram:?}").contains("0x80000000"));
}

#[test]
fn clones_share_memory_and_outlive_the_first() {
    let ram = two_regions();
    let other = ram.clone();
    ram.store(BASE, Double, 0x0123_4567_89ab_cdef).unwrap();
    drop(ram);
    assert_eq!(other.load(BASE, Double), Some(0x0123_4567_89ab_cdef));
}

#[test]
fn bulk_access_spans_adjacent_regions_only() {
    let ram = GuestRam::new(&[(BASE, 0x1000), (GuestPhysAddr(0x8000_1000), 0x1000)]).unwrap();
    let data: Vec<u8> = (0..=255).collect();
    let seam = GuestPhysAddr(0x8000_0f80);
    ram.write(seam, &data).unwrap();
    let mut back = vec![0; 256];
    ram.read(seam, &mut back).unwrap();
    assert_eq!(back, data);

    let end = GuestPhysAddr(0x8000_1f80);
    let error = ram.write(end, &data).unwrap_err();
    assert_eq!(
        error,
        RamError::OutOfRange {
            addr: end,
            len: 256
        }
    );
    assert_eq!(
        ram.load(end, Byte),
        Some(0),
        "a refused write must not begin"
    );
    assert!(ram.read(end, &mut back).is_err());
    assert!(ram.read(GuestPhysAddr(0), &mut []).is_ok());
}

#[test]
fn compare_exchange_swaps_only_what_it_expects() {
    let ram = two_regions();
    ram.store(BASE, Double, 7).unwrap();
    assert_eq!(ram.compare_exchange(BASE, 7, 9), Some(Ok(7)));
    assert_eq!(ram.compare_exchange(BASE, 7, 11), Some(Err(9)));
    assert_eq!(ram.load(BASE, Double), Some(9));
    assert_eq!(ram.compare_exchange(BASE.wrapping_add(4), 0, 1), None);
    assert_eq!(ram.compare_exchange(GuestPhysAddr(0), 0, 1), None);
}

#[test]
fn huge_ram_is_lazy() {
    let ram = GuestRam::new(&[(BASE, 1 << 40)]).unwrap();
    let last = GuestPhysAddr(BASE.0 + (1 << 40) - 8);
    ram.store(last, Double, 42).unwrap();
    assert_eq!(ram.load(last, Double), Some(42));
}

#[test]
fn refuses_what_cannot_be_mapped() {
    let at = |start, bytes| GuestRam::new(&[(GuestPhysAddr(start), bytes)]).unwrap_err();
    assert_eq!(GuestRam::new(&[]).unwrap_err(), RamError::Empty);
    assert!(matches!(at(0, 0), RamError::NotPages { .. }));
    assert!(matches!(at(0, 4097), RamError::NotPages { .. }));
    assert!(matches!(at(1, 4096), RamError::NotPages { .. }));
    assert!(matches!(at(u64::MAX - 4095, 8192), RamError::Wraps { .. }));
    let error = at(0, 1 << 62);
    assert!(matches!(error, RamError::Map { bytes, .. } if bytes == 1 << 62));
    assert!(error.to_string().contains("less memory"));
    let overlapping = [(BASE, 0x2000), (BASE.wrapping_add(0x1000), 0x1000)];
    assert!(matches!(
        GuestRam::new(&overlapping),
        Err(RamError::Overlap { .. })
    ));
}

#[test]
fn copies_begin_and_end_anywhere() {
    let ram = GuestRam::new(&[(BASE, 0x1000), (GuestPhysAddr(0x8000_1000), 0x1000)]).unwrap();
    let data: Vec<u8> = (1..=255).collect();
    for start in 0xfe0..0x1010 {
        for len in (0..20).chain([100, 255]) {
            let (at, all) = (BASE.wrapping_add(start), &mut [0; 0x2000]);
            ram.write(BASE, all).unwrap();
            ram.write(at, &data[..len]).unwrap();
            let mut back = vec![0; len];
            ram.read(at, &mut back).unwrap();
            assert_eq!(back, data[..len], "{start:#x} {len}");
            ram.read(BASE, all).unwrap();
            let (start, end) = (start as usize, start as usize + len);
            assert_eq!(all[start..end], data[..len]);
            let outside = all[..start].iter().chain(&all[end..]);
            assert!(
                outside.into_iter().all(|&byte| byte == 0),
                "{start:#x} {len}"
            );
        }
    }
}

#[test]
fn copies_move_aligned_words_whole() {
    // What a copy races with is never seen torn within 8 bytes.
    let ram = GuestRam::new(&[(BASE, 0x1000)]).unwrap();
    let writer = std::thread::spawn({
        let ram = ram.clone();
        move || {
            for value in (0..=u8::MAX).cycle().take(20_000) {
                ram.write(BASE.wrapping_add(8), &[value; 40]).unwrap();
            }
        }
    });
    while !writer.is_finished() {
        let mut back = [0; 48];
        ram.read(BASE.wrapping_add(4), &mut back).unwrap();
        for word in back[4..44].chunks_exact(8) {
            assert!(word.iter().all(|byte| *byte == word[0]), "{word:x?}");
        }
    }
    writer.join().unwrap();
}

fn size() -> impl Strategy<Value = AccessSize> {
    prop_oneof![Just(Byte), Just(Half), Just(Word), Just(Double)]
}

proptest! {
    #[test]
    fn loads_and_stores_match_a_byte_array(
        accesses in prop::collection::vec((0u64..0x1010, size(), any::<u64>()), 1..200),
    ) {
        let ram = GuestRam::new(&[(BASE, 0x1000)]).unwrap();
        let mut model = vec![0u8; 0x1000];
        for (offset, size, value) in accesses {
            let gpa = BASE.wrapping_add(offset);
            let range = offset as usize..(offset + size.bytes()) as usize;
            match model.get_mut(range) {
                Some(bytes) => {
                    bytes.copy_from_slice(&value.to_le_bytes()[..size.bytes() as usize]);
                    prop_assert_eq!(ram.store(gpa, size, value), Some(()));
                    prop_assert_eq!(ram.load(gpa, size), Some(value & size.mask()));
                }
                None => {
                    prop_assert_eq!(ram.store(gpa, size, value), None);
                    prop_assert_eq!(ram.load(gpa, size), None);
                }
            }
        }
        let mut all = vec![0; 0x1000];
        ram.read(BASE, &mut all).unwrap();
        prop_assert_eq!(all, model);
    }
}

#[derive(Default)]
struct Heard(Mutex<Vec<(u64, u64)>>);

impl WriteObserver for Heard {
    fn written(&self, addr: GuestPhysAddr, bytes: u64) {
        self.0.lock().push((addr.0, bytes));
    }
}

#[test]
fn an_observer_hears_of_every_write_and_of_no_other() {
    let ram = two_regions();
    ram.write(BASE, &[1]).unwrap();
    let heard = Arc::new(Heard::default());
    let observer: Weak<Heard> = Arc::downgrade(&heard);
    ram.clone().observe(observer);
    let new = |work: &dyn Fn()| {
        work();
        std::mem::take(&mut *heard.0.lock())
    };
    assert_eq!(
        new(&|| ram.write(BASE, &[0; 100]).unwrap()),
        [(BASE.0, 100)]
    );
    assert_eq!(new(&|| ram.store(BASE, Half, 7).unwrap()), [(BASE.0, 2)]);
    let odd = BASE.wrapping_add(1);
    assert_eq!(new(&|| ram.store(odd, Word, 7).unwrap()), [(odd.0, 4)]);
    let eight = BASE.wrapping_add(8);
    let swap = || assert!(ram.compare_exchange(eight, 0, 1) == Some(Ok(0)));
    assert_eq!(new(&swap), [(eight.0, 8)]);
    let in_vain = || assert!(ram.compare_exchange(eight, 0, 1) == Some(Err(1)));
    assert_eq!(new(&in_vain), []);
    let ranges = [(BASE, 4), (odd, 9)];
    let access = || ram.access(&ranges, |memory| assert!(memory.num_regions() == 2));
    assert_eq!(new(&access), [(BASE.0, 4), (odd.0, 9)]);
    let nowhere = GuestPhysAddr(0);
    let refused = || {
        assert!(ram.write(nowhere, &[1]).is_err() && ram.store(nowhere, Byte, 1).is_none());
        assert!(ram.compare_exchange(nowhere, 0, 1).is_none());
        ram.read(BASE, &mut [0; 8]).unwrap();
        ram.access(&[], |_| ());
    };
    assert_eq!(new(&refused), []);
}

#[test]
fn writes_that_have_begun_are_waited_for() {
    let ram = two_regions();
    let has_ended = AtomicBool::new(false);
    thread::scope(|scope| {
        let pending = ram.begin_write();
        let waiter = scope.spawn(|| {
            ram.await_writes();
            has_ended.load(Ordering::SeqCst)
        });
        // Time enough to get past it.
        thread::sleep(Duration::from_millis(100));
        has_ended.store(true, Ordering::SeqCst);
        drop(pending);
        assert!(waiter.join().unwrap(), "the write was still going on");
    });
    ram.await_writes();
}
