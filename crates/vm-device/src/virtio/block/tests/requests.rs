//! Every request type, and what is wrong with requests.

use std::sync::atomic::Ordering;

use vm_core::AccessSize;

use super::{
    DiskDriver, TestDisk,
    disk::{IOERR, OK, SECTORS, UNSUPP, kind},
};
use crate::virtio::{
    block::config::{MAX_RANGE_SECTORS, MAX_RANGES, feature},
    spec::{feature as ring, status},
    testing::{BUFFERS, Descriptor, Driver, Transport, on_every_transport},
};

on_every_transport!(
    reads_what_was_written,
    moves_more_than_one_piece,
    serves_indirect_tables,
    serves_many_requests_in_order,
    refuses_what_is_not_on_the_disk,
    clears_ranges,
    refuses_strange_ranges,
    a_read_only_disk_stays_as_it_is,
    answers_who_it_is,
    survives_a_failing_host,
    follows_the_cache_mode,
    needs_a_reset_after_a_malformed_request,
);

fn reads_what_was_written<T: Transport>() {
    let (device, probe) = TestDisk::new().device();
    let mut driver = DiskDriver::<T>::start(device);
    let before = probe.contents.lock().clone();
    assert_eq!(driver.read(3, 1024), before[3 * 512..5 * 512]);
    let data: Vec<u8> = (0..1536u32).map(|i| (i * 11) as u8).collect();
    driver.write(SECTORS - 3, &data);
    assert_eq!(driver.read(SECTORS - 3, 1536), data);
    let after = probe.contents.lock().clone();
    let start = (SECTORS as usize - 3) * 512;
    assert_eq!(after[start..], data);
    assert_eq!(after[..start], before[..start]);
    assert!(driver.0.bus.line());
    assert_eq!(driver.0.bus.take_interrupts(), 1);
    assert!(!driver.0.bus.line());
}

fn moves_more_than_one_piece<T: Transport>() {
    let (device, probe) = TestDisk::new().device();
    let mut driver = DiskDriver::<T>::start(device);
    let len = 600 * 1024;
    let expected = probe.contents.lock()[512..512 + len].to_vec();
    assert_eq!(driver.read(1, len as u32), expected);
    let data: Vec<u8> = (0..len).map(|i| (i / 251) as u8).collect();
    driver.write(7, &data);
    assert_eq!(probe.contents.lock()[7 * 512..7 * 512 + len], data);
}

fn serves_indirect_tables<T: Transport>() {
    let (device, probe) = TestDisk::new().device();
    let mut driver = DiskDriver::<T>::start(device);
    assert_eq!(driver.request_indirect(kind::OUT, 9, &[0xab; 512], 0), OK);
    assert_eq!(probe.contents.lock()[9 * 512..10 * 512], [0xab; 512]);
    assert_eq!(driver.request_indirect(kind::IN, 9, &[], 512), OK);
    assert_eq!(driver.input(512), [0xab; 512]);
}

/// More requests than the queue has entries, so that every index wraps.
fn serves_many_requests_in_order<T: Transport>() {
    let (device, _) = TestDisk::new().device();
    for features in [u64::MAX, !ring::RING_EVENT_IDX] {
        let mut driver = DiskDriver(Driver::<T>::start(device.clone(), features));
        for round in 0..100u64 {
            driver.write(round, &[round as u8; 512]);
            assert_eq!(driver.read(round, 512), [round as u8; 512]);
        }
    }
}

fn refuses_what_is_not_on_the_disk<T: Transport>() {
    let (device, probe) = TestDisk::new().device();
    let mut driver = DiskDriver::<T>::start(device);
    let before = probe.contents.lock().clone();
    for sector in [SECTORS, SECTORS - 1, u64::MAX, u64::MAX / 512, 1 << 55] {
        assert_eq!(driver.request(kind::IN, sector, &[], 1024), IOERR);
        assert_eq!(driver.request(kind::OUT, sector, &[1; 1024], 0), IOERR);
    }
    assert_eq!(driver.request(kind::IN, 0, &[], 511), IOERR);
    assert_eq!(driver.request(kind::OUT, 0, &[1; 513], 0), IOERR);
    assert_eq!(driver.request(99, 0, &[], 0), UNSUPP);
    assert_eq!(*probe.contents.lock(), before);
    assert_eq!(driver.request(kind::IN, SECTORS, &[], 0), OK);
    assert_eq!(driver.0.bus.status() & status::NEEDS_RESET, 0);
}

fn clears_ranges<T: Transport>() {
    let (device, probe) = TestDisk::new().device();
    let mut driver = DiskDriver::<T>::start(device);
    let mut expected = probe.contents.lock().clone();
    let ranges = [(8, 16, 0), (SECTORS - 1, 1, 0), (5, 0, 0)];
    assert_eq!(driver.clear(kind::DISCARD, &ranges), OK);
    assert_eq!(
        *probe.discards.lock(),
        [(8 * 512, 16 * 512), ((SECTORS - 1) * 512, 512)]
    );
    assert_eq!(
        driver.clear(kind::WRITE_ZEROES, &[(100, 2, 0), (200, 3, 1)]),
        OK
    );
    assert_eq!(*probe.zeroes.lock(), [(100 * 512, 1024)]);
    // Zeroing that may give room back is a discard here.
    assert_eq!(probe.discards.lock().last(), Some(&(200 * 512, 3 * 512)));
    for (sector, count) in [(8, 16), (SECTORS - 1, 1), (100, 2), (200, 3)] {
        let start = sector as usize * 512;
        expected[start..start + count * 512].fill(0);
    }
    assert_eq!(*probe.contents.lock(), expected);
}

fn refuses_strange_ranges<T: Transport>() {
    let (device, probe) = TestDisk::new().device();
    let mut driver = DiskDriver::<T>::start(device);
    let before = probe.contents.lock().clone();
    for kind in [kind::DISCARD, kind::WRITE_ZEROES] {
        assert_eq!(driver.clear(kind, &[]), IOERR);
        assert_eq!(driver.clear(kind, &[(SECTORS, 1, 0)]), IOERR);
        assert_eq!(driver.clear(kind, &[(u64::MAX, 1, 0)]), IOERR);
        assert_eq!(driver.clear(kind, &[(0, MAX_RANGE_SECTORS + 1, 0)]), IOERR);
        assert_eq!(driver.clear(kind, &[(0, 1, 2)]), UNSUPP);
        let many = vec![(0, 1, 0); MAX_RANGES as usize + 1];
        assert_eq!(driver.clear(kind, &many), IOERR);
        assert_eq!(driver.request(kind, 0, &[0; 17], 0), IOERR);
    }
    assert_eq!(driver.clear(kind::DISCARD, &[(0, 1, 1)]), UNSUPP);
    // Not negotiated, hence unknown.
    driver.0.initialise(0);
    assert_eq!(driver.clear(kind::DISCARD, &[(0, 1, 0)]), UNSUPP);
    assert_eq!(driver.clear(kind::WRITE_ZEROES, &[(0, 1, 0)]), UNSUPP);
    assert_eq!(*probe.contents.lock(), before);
}

fn a_read_only_disk_stays_as_it_is<T: Transport>() {
    let disk = TestDisk {
        read_only: true,
        ..TestDisk::new()
    };
    let (device, probe) = disk.device();
    let mut driver = DiskDriver::<T>::start(device);
    let offered = driver.0.bus.device_features();
    assert_ne!(offered & feature::READ_ONLY, 0);
    assert_eq!(offered & (feature::DISCARD | feature::WRITE_ZEROES), 0);
    let before = probe.contents.lock().clone();
    assert_eq!(driver.request(kind::OUT, 0, &[1; 512], 0), IOERR);
    assert_eq!(driver.clear(kind::DISCARD, &[(0, 1, 0)]), UNSUPP);
    assert_eq!(*probe.contents.lock(), before);
    assert_eq!(driver.read(0, 512), before[..512]);
}

fn answers_who_it_is<T: Transport>() {
    let (device, _) = TestDisk::new().device();
    let mut driver = DiskDriver::<T>::start(device);
    assert_eq!(driver.request(kind::GET_ID, 0, &[], 20), OK);
    assert_eq!(driver.input(20), *b"serial-1\0\0\0\0\0\0\0\0\0\0\0\0");
    assert_eq!(driver.request(kind::GET_ID, 0, &[], 6), OK);
    assert_eq!(driver.input(6), *b"serial");
    let bus = &driver.0.bus;
    assert_eq!(bus.read_config(0, AccessSize::Double), SECTORS);
    assert_eq!(bus.read_config(12, AccessSize::Word), 254);
    assert_eq!(bus.read_config(20, AccessSize::Word), 512);
    assert_eq!(bus.read_config(24, AccessSize::Byte), 3);
    assert_eq!(
        bus.read_config(36, AccessSize::Word),
        u64::from(MAX_RANGE_SECTORS)
    );
    assert_eq!(bus.read_config(56, AccessSize::Double), 1);
    assert_eq!(bus.read_config(60, AccessSize::Word), 0);
    // Nothing but the cache mode can be written.
    bus.write_config(0, AccessSize::Double, 0);
    assert_eq!(bus.read_config(0, AccessSize::Double), SECTORS);
}

fn survives_a_failing_host<T: Transport>() {
    let (device, probe) = TestDisk::new().device();
    let mut driver = DiskDriver::<T>::start(device);
    probe.broken.store(true, Ordering::SeqCst);
    assert_eq!(driver.request(kind::IN, 0, &[], 512), IOERR);
    assert_eq!(driver.request(kind::OUT, 0, &[1; 512], 0), IOERR);
    assert_eq!(driver.request(kind::FLUSH, 0, &[], 0), IOERR);
    assert_eq!(driver.clear(kind::DISCARD, &[(0, 1, 0)]), IOERR);
    assert_eq!(driver.clear(kind::WRITE_ZEROES, &[(0, 1, 0)]), IOERR);
    probe.broken.store(false, Ordering::SeqCst);
    assert_eq!(driver.request(kind::OUT, 0, &[1; 512], 0), OK);
}

fn follows_the_cache_mode<T: Transport>() {
    let (device, probe) = TestDisk::new().device();
    let mut driver = DiskDriver::<T>::start(device);
    let flushes = || probe.flushes.load(Ordering::SeqCst);
    let writeback = |driver: &DiskDriver<T>| driver.0.bus.read_config(32, AccessSize::Byte);
    // The driver can flush: writes may stay in the cache.
    assert_eq!(writeback(&driver), 1);
    driver.write(0, &[1; 512]);
    assert_eq!(flushes(), 0);
    assert_eq!(driver.request(kind::FLUSH, 0, &[], 0), OK);
    assert_eq!(flushes(), 1);
    // The driver asks for write-through.
    driver.0.bus.write_config(32, AccessSize::Byte, 0);
    driver.write(0, &[1; 512]);
    assert_eq!(flushes(), 2);
    assert_eq!(driver.clear(kind::WRITE_ZEROES, &[(0, 1, 0)]), OK);
    assert_eq!(driver.clear(kind::DISCARD, &[(0, 1, 0)]), OK);
    assert_eq!(flushes(), 4);
    // The driver knows neither: writes must be stable.
    driver.0.initialise(0);
    driver.write(0, &[1; 512]);
    assert_eq!(flushes(), 5);
    // And it cannot change that.
    driver.0.bus.write_config(32, AccessSize::Byte, 1);
    assert_eq!(writeback(&driver), 0);
    // The cache can be switched on, but starts off.
    driver.0.initialise(feature::CONFIG_WCE);
    assert_eq!(writeback(&driver), 0);
    driver.0.bus.write_config(32, AccessSize::Byte, 1);
    driver.write(0, &[1; 512]);
    assert_eq!(flushes(), 5);
}

fn needs_a_reset_after_a_malformed_request<T: Transport>() {
    let outside = 0x80_0000 - 8;
    let header = Descriptor::readable(BUFFERS, 16);
    let chains = [
        vec![header],
        vec![
            Descriptor::readable(BUFFERS, 15),
            Descriptor::writable(BUFFERS, 1),
        ],
        vec![Descriptor::writable(BUFFERS, 512), header],
        vec![header, Descriptor::writable(outside, 16)],
        vec![header, Descriptor::writable(u64::MAX - 8, 16)],
        vec![header, Descriptor::writable(BUFFERS, u32::MAX)],
        vec![Descriptor::indirect(outside, 4)],
        vec![Descriptor {
            len: 15,
            ..Descriptor::indirect(BUFFERS, 1)
        }],
        vec![Descriptor::indirect(BUFFERS, 0)],
    ];
    let (device, _) = TestDisk::new().device();
    let mut driver = DiskDriver::<T>::start(device);
    for chain in chains {
        driver.0.write(BUFFERS, &[0; 64]);
        driver.0.submit(0, &chain);
        driver.0.wait_needs_reset();
        assert_eq!(driver.0.bus.take_interrupts() & 2, 2, "{chain:x?}");
        driver.0.initialise(u64::MAX);
        assert_eq!(driver.read(0, 512).len(), 512);
    }
}
