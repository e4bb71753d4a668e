use std::{
    sync::{
        Weak,
        atomic::{AtomicU8, Ordering},
    },
    thread::{self, ThreadId},
};

use parking_lot::Mutex;
use vm_core::GuestPhysAddr;
use vm_mem::WriteObserver;

use super::*;
use crate::virtio::{
    spec::{feature, status},
    testing::{BUFFERS, Descriptor, Driver, MmioBus, Transport, on_every_transport},
};

on_every_transport!(
    fills_buffers,
    gives_at_most_what_a_request_may_have,
    a_failing_host_ends_in_a_reset,
    survives_a_restore,
);

/// Gives 1, 2, 3 and so on.
fn counting() -> Arc<Entropy> {
    let next = AtomicU8::new(1);
    let source = move |bytes: &mut [u8]| {
        bytes.fill_with(|| next.fetch_add(1, Ordering::SeqCst));
        Ok(())
    };
    Arc::new(Entropy::with_source(Box::new(source)).unwrap())
}

fn fills_buffers<T: Transport>() {
    let mut driver = Driver::<T>::start(counting(), u64::MAX);
    driver.write(BUFFERS, &[0; 32]);
    let pieces = [
        Descriptor::writable(BUFFERS, 3),
        Descriptor::writable(BUFFERS + 8, 0),
        Descriptor::writable(BUFFERS + 16, 5),
    ];
    driver.submit(0, &pieces);
    assert_eq!(driver.wait_used(0), 8);
    assert_eq!(driver.read(BUFFERS, 4), [1, 2, 3, 0]);
    assert_eq!(driver.read(BUFFERS + 16, 6), [4, 5, 6, 7, 8, 0]);
    // There is nothing to say to the device, and nothing to configure.
    driver.submit(0, &[Descriptor::readable(BUFFERS, 8)]);
    assert_eq!(driver.wait_used(0), 0);
    assert_eq!(driver.bus.read_config(0, vm_core::AccessSize::Double), 0);
}

fn gives_at_most_what_a_request_may_have<T: Transport>() {
    let mut driver = Driver::<T>::start(counting(), u64::MAX);
    let end = BUFFERS + MAX_REQUEST;
    driver.write(end, &[0]);
    driver.submit(0, &[Descriptor::writable(BUFFERS, 1 << 20)]);
    assert_eq!(u64::from(driver.wait_used(0)), MAX_REQUEST);
    assert_eq!(driver.read(end - 1, 2), [0, 0]);
    assert_eq!(driver.read(end - 2, 1), [0xff]);
}

fn a_failing_host_ends_in_a_reset<T: Transport>() {
    let source = |_: &mut [u8]| Err(io::Error::other("no entropy"));
    let device = Arc::new(Entropy::with_source(Box::new(source)).unwrap());
    let mut driver = Driver::<T>::start(device.clone(), u64::MAX);
    driver.submit(0, &[Descriptor::writable(BUFFERS, 8)]);
    driver.wait_needs_reset();
    device.settle();
    assert_eq!(driver.queues[0].used_index(&driver.memory), 0);
    assert_ne!(driver.bus.status() & status::DRIVER_OK, 0);
}

fn survives_a_restore<T: Transport>() {
    let driver = Driver::<T>::start(counting(), u64::MAX);
    let mut copy = driver.migrate(counting());
    copy.submit(0, &[Descriptor::writable(BUFFERS, 2)]);
    assert_eq!(copy.wait_used(0), 2);
    assert_eq!(copy.read(BUFFERS, 2), [1, 2]);
    // A device that asked for a reset still does so.
    copy.submit(0, &[Descriptor::writable(BUFFERS, u32::MAX)]);
    copy.wait_needs_reset();
    let copy = copy.migrate(counting());
    assert_ne!(copy.bus.status() & status::NEEDS_RESET, 0);
    assert_eq!(copy.bus.take_interrupts() & 2, 2);
}

#[test]
fn the_host_gives_different_bytes_each_time() {
    let mut driver = Driver::<MmioBus>::start(Arc::new(Entropy::new().unwrap()), 0);
    let mut seen = Vec::new();
    for _ in 0..2 {
        driver.submit(0, &[Descriptor::writable(BUFFERS, 32)]);
        assert_eq!(driver.wait_used(0), 32);
        seen.push(driver.read(BUFFERS, 32));
    }
    assert_ne!(seen[0], seen[1]);
}

/// Remembers which ranges other threads than the driver's have written.
struct Heard {
    driver: ThreadId,
    ranges: Mutex<Vec<(u64, u64)>>,
}

impl WriteObserver for Heard {
    fn written(&self, addr: GuestPhysAddr, bytes: u64) {
        if thread::current().id() != self.driver {
            self.ranges.lock().push((addr.0, bytes));
        }
    }
}

/// What the device writes for one request with two buffers, in a driver's memory
/// that is laid out as [`Driver::add_queue`] does; with event indices or without.
fn written_for_a_request(features: u64) -> Vec<(u64, u64)> {
    let mut driver = Driver::<MmioBus>::start(counting(), features);
    let heard = Arc::new(Heard {
        driver: thread::current().id(),
        ranges: Mutex::default(),
    });
    let observer: Weak<Heard> = Arc::downgrade(&heard);
    driver.memory.observe(observer);
    let pieces = [
        Descriptor::writable(BUFFERS, 3),
        Descriptor::writable(BUFFERS + 100, 5),
    ];
    driver.submit(0, &pieces);
    driver.wait_used(0);
    std::mem::take(&mut *heard.ranges.lock())
}

/// What caches memory's contents hears of all that the device writes, of the
/// buffers before the used ring.
#[test]
fn an_observer_hears_of_writes() {
    let (flags, index, element) = ((0x1_2000, 2), (0x1_2002, 2), (0x1_2004, 8));
    let avail_event = (0x1_2004 + 8 * 16, 2);
    for (features, notification) in [(feature::RING_EVENT_IDX, avail_event), (0, flags)] {
        let mut written = written_for_a_request(features);
        // How often depends on when the device's thread looks.
        assert!(written.contains(&notification), "{written:x?}");
        written.retain(|range| *range != notification);
        assert_eq!(written, [(BUFFERS, 3), (BUFFERS + 100, 5), element, index]);
    }
}
