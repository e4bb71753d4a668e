//! The register state machine, shared by both transports, and what is
//! particular to MMIO.

use std::sync::Arc;

use proptest::prelude::*;
use vm_core::{AccessSize, MmioDevice, snapshot::Snapshot};

use crate::virtio::{
    entropy::Entropy,
    queue::QueueLayout,
    spec::{feature, status},
    testing::{BUFFERS, Descriptor, Driver, MmioBus, Transport, on_every_transport},
};

on_every_transport!(
    features_are_negotiated,
    a_driver_need_not_know_any_version,
    features_that_are_not_agreed_on_are_restored,
    the_status_only_grows,
    running_without_agreed_features_needs_a_reset,
    broken_queue_layouts_need_a_reset,
    a_queue_in_use_keeps_its_layout,
    a_reset_forgets_everything,
    an_idle_device_ignores_notifications,
    missing_queues_have_no_registers,
);

fn device() -> Arc<Entropy> {
    let source = |bytes: &mut [u8]| {
        bytes.fill(0x11);
        Ok(())
    };
    Arc::new(Entropy::with_source(Box::new(source)).unwrap())
}

fn features_are_negotiated<T: Transport>() {
    let driver = Driver::<T>::plug(device());
    let bus = &driver.bus;
    assert_eq!(bus.device_features(), feature::COMMON);
    // Features that are not offered.
    for features in [1, feature::VERSION_1 | 1, feature::VERSION_1 | 1 << 63] {
        bus.set_status(0);
        bus.set_status(status::ACKNOWLEDGE | status::DRIVER);
        bus.set_driver_features(features);
        bus.add_status(status::FEATURES_OK);
        assert_eq!(bus.status(), status::ACKNOWLEDGE | status::DRIVER);
    }
    // The driver may think again, until both agree.
    bus.set_driver_features(feature::VERSION_1);
    bus.add_status(status::FEATURES_OK);
    bus.set_driver_features(0);
    let agreed = status::ACKNOWLEDGE | status::DRIVER | status::FEATURES_OK;
    assert_eq!(bus.status(), agreed);
    bus.add_status(status::DRIVER_OK);
    assert_eq!(bus.status(), agreed | status::DRIVER_OK);
}

fn a_driver_need_not_know_any_version<T: Transport>() {
    let mut driver = Driver::<T>::plug(device());
    driver.bus.set_status(status::ACKNOWLEDGE | status::DRIVER);
    driver.bus.set_driver_features(0);
    driver.bus.add_status(status::FEATURES_OK);
    let agreed = status::ACKNOWLEDGE | status::DRIVER | status::FEATURES_OK;
    assert_eq!(driver.bus.status(), agreed);
    driver.add_queue(0, 8);
    driver.bus.add_status(status::DRIVER_OK);
    driver.submit(0, &[Descriptor::writable(BUFFERS, 8)]);
    assert_eq!(driver.wait_used(0), 8);
}

fn features_that_are_not_agreed_on_are_restored<T: Transport>() {
    let driver = Driver::<T>::plug(device());
    driver.bus.set_status(status::ACKNOWLEDGE | status::DRIVER);
    driver.bus.set_driver_features(u64::MAX);
    let saved = driver.bus.snapshot().save().unwrap();
    let copy = Driver::<T>::plug(device());
    copy.bus.snapshot().restore(&saved).unwrap();
    // They are what the driver wrote, and are still refused.
    copy.bus.add_status(status::FEATURES_OK);
    assert_eq!(copy.bus.status(), status::ACKNOWLEDGE | status::DRIVER);
}

fn the_status_only_grows<T: Transport>() {
    let driver = Driver::<T>::plug(device());
    let bus = &driver.bus;
    bus.set_status(status::ACKNOWLEDGE);
    bus.set_status(status::DRIVER);
    assert_eq!(bus.status(), status::ACKNOWLEDGE | status::DRIVER);
    // The device's own bit, and reserved ones, are not the driver's to set.
    bus.set_status(status::NEEDS_RESET | 0x30 | status::FAILED);
    let expected = status::ACKNOWLEDGE | status::DRIVER | status::FAILED;
    assert_eq!(bus.status(), expected);
}

fn running_without_agreed_features_needs_a_reset<T: Transport>() {
    let driver = Driver::<T>::plug(device());
    driver.bus.set_status(status::DRIVER_OK);
    assert_eq!(driver.bus.status(), status::DRIVER_OK | status::NEEDS_RESET);
    assert_eq!(driver.bus.take_interrupts(), 2);
}

fn broken_queue_layouts_need_a_reset<T: Transport>() {
    let good = QueueLayout {
        size: 8,
        ready: true,
        descriptors: 0x1_0000,
        available: 0x1_1000,
        used: 0x1_2000,
    };
    let outside = 0x80_0000;
    let broken = [
        QueueLayout { size: 0, ..good },
        QueueLayout { size: 6, ..good },
        QueueLayout { size: 128, ..good },
        QueueLayout {
            size: u16::MAX,
            ..good
        },
        QueueLayout {
            descriptors: 0x1_0008,
            ..good
        },
        QueueLayout {
            available: 0x1_1001,
            ..good
        },
        QueueLayout {
            used: 0x1_2002,
            ..good
        },
        QueueLayout {
            descriptors: outside,
            ..good
        },
        QueueLayout {
            available: outside - 16,
            ..good
        },
        QueueLayout {
            used: outside - 16,
            ..good
        },
        QueueLayout {
            descriptors: u64::MAX - 15,
            ..good
        },
    ];
    let mut driver = Driver::<T>::plug(device());
    for layout in broken {
        driver.negotiate(u64::MAX);
        driver.bus.set_queue(0, &layout);
        driver.bus.add_status(status::DRIVER_OK);
        let needs_reset = driver.bus.status() & status::NEEDS_RESET;
        assert_ne!(needs_reset, 0, "{layout:x?}");
        driver.bus.notify(0);
    }
    driver.initialise(u64::MAX);
    driver.submit(0, &[Descriptor::writable(BUFFERS, 8)]);
    assert_eq!(driver.wait_used(0), 8);
}

fn a_queue_in_use_keeps_its_layout<T: Transport>() {
    let mut driver = Driver::<T>::start(device(), u64::MAX);
    let elsewhere = QueueLayout {
        size: 4,
        ready: true,
        descriptors: 0x4_0000,
        available: 0x4_1000,
        used: 0x4_2000,
    };
    driver.bus.set_queue(0, &elsewhere);
    driver.submit(0, &[Descriptor::writable(BUFFERS, 8)]);
    assert_eq!(driver.wait_used(0), 8);
}

fn a_reset_forgets_everything<T: Transport>() {
    let fresh = Driver::<T>::plug(device()).bus.snapshot().save().unwrap();
    let mut driver = Driver::<T>::start(device(), u64::MAX);
    driver.submit(0, &[Descriptor::writable(BUFFERS, 8)]);
    driver.wait_used(0);
    assert!(driver.bus.line());
    driver.bus.set_status(0);
    assert!(!driver.bus.line());
    assert!(!driver.bus.queue_ready(0));
    assert!(driver.bus.snapshot().save().unwrap() == fresh);
}

fn an_idle_device_ignores_notifications<T: Transport>() {
    let device = device();
    let mut driver = Driver::<T>::plug(device.clone());
    driver.bus.notify(0);
    driver.negotiate(0);
    driver.add_queue(0, 8);
    driver.submit(0, &[Descriptor::writable(BUFFERS, 8)]);
    driver.bus.notify(7);
    device.settle();
    assert_eq!(driver.queues[0].used_index(&driver.memory), 0);
    // What it was notified of too early is served when the driver is ready.
    driver.bus.add_status(status::DRIVER_OK);
    assert_eq!(driver.wait_used(0), 8);
    // A driver that gave up is left alone, until it begins anew.
    driver.bus.add_status(status::FAILED);
    driver.submit(0, &[Descriptor::writable(BUFFERS, 8)]);
    device.settle();
    assert_eq!(driver.queues[0].used_index(&driver.memory), 1);
    driver.negotiate(0);
    driver.bus.add_status(status::FAILED);
    driver.bus.set_queue(0, &driver.queues[0].layout());
    driver.bus.add_status(status::DRIVER_OK);
    device.settle();
    assert_eq!(driver.queues[0].used_index(&driver.memory), 1);
}

fn missing_queues_have_no_registers<T: Transport>() {
    let driver = Driver::<T>::plug(device());
    assert_eq!(driver.bus.queue_count(), 1);
    assert_eq!(driver.bus.queue_max_size(0), 64);
    for index in [1, 0x7fff, 0xffff] {
        assert_eq!(driver.bus.queue_max_size(index), 0);
        let layout = QueueLayout {
            size: 8,
            ready: true,
            ..QueueLayout::default()
        };
        driver.bus.set_queue(index, &layout);
        assert!(!driver.bus.queue_ready(index));
    }
}

#[test]
fn registers_say_what_the_device_is() {
    let driver = Driver::<MmioBus>::plug(device());
    let bus = &driver.bus;
    assert_eq!(&bus.read(0).to_le_bytes(), b"virt");
    assert_eq!((bus.read(4), bus.read(8)), (2, 4));
    assert_eq!(bus.mmio.device().device_id(), 4);
    assert_eq!(bus.mmio.name(), "virtio-mmio0");
    for shared_memory in [0xb0, 0xb4, 0xb8, 0xbc] {
        assert_eq!(bus.read(shared_memory), u32::MAX);
    }
    bus.write(0x14, 2);
    assert_eq!(bus.read(0x10), 0);
    let layout = QueueLayout {
        size: 8,
        ready: false,
        descriptors: 0x1234_5678_9abc_def0,
        available: 0x2234_5678_9abc_def0,
        used: 0x3234_5678_9abc_def0,
    };
    bus.set_queue(0, &layout);
    let pairs = [
        (0x80, layout.descriptors),
        (0x90, layout.available),
        (0xa0, layout.used),
    ];
    for (offset, addr) in pairs {
        let read = u64::from(bus.read(offset)) | u64::from(bus.read(offset + 4)) << 32;
        assert_eq!(read, addr);
    }
}

#[test]
fn a_queue_index_or_size_does_not_wrap() {
    let driver = Driver::<MmioBus>::plug(device());
    driver.bus.write(0x30, 0x1_0000);
    assert_eq!(driver.bus.read(0x34), 0);
    driver.bus.write(0x30, 0);
    assert_eq!(driver.bus.read(0x34), 64);
}

#[test]
fn registers_are_aligned_words() {
    let driver = Driver::<MmioBus>::plug(device());
    let mmio = &driver.bus.mmio;
    for size in [AccessSize::Byte, AccessSize::Half, AccessSize::Double] {
        assert_eq!(mmio.read(0, size), Some(0));
        assert_eq!(mmio.write(0x70, size, 1), Some(()));
    }
    assert_eq!(mmio.read(2, AccessSize::Word), Some(0));
    assert_eq!(mmio.write(0x72, AccessSize::Word, 1), Some(()));
    assert_eq!(driver.bus.status(), 0);
    // The configuration space, of which an entropy device has none, reads as zero.
    assert_eq!(mmio.read(0x101, AccessSize::Double), Some(0));
    assert_eq!(mmio.write(0x101, AccessSize::Double, 1), Some(()));
}

fn size() -> impl Strategy<Value = AccessSize> {
    prop_oneof![
        1 => Just(AccessSize::Byte),
        1 => Just(AccessSize::Half),
        6 => Just(AccessSize::Word),
        1 => Just(AccessSize::Double),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever is written where, the device survives and serves after a reset.
    #[test]
    fn any_register_access_is_survived(
        accesses in prop::collection::vec((0..0x140u64, size(), any::<u64>(), any::<bool>()), 1..200)
    ) {
        let mut driver = Driver::<MmioBus>::start(device(), u64::MAX);
        for (offset, size, value, aligned) in accesses {
            let offset = if aligned { offset & !3 } else { offset };
            // Half of the time a value that means something.
            let value = if value & 1 == 0 { value } else { value >> 1 & 0xf };
            driver.bus.mmio.read(offset, size).unwrap();
            driver.bus.mmio.write(offset, size, value).unwrap();
        }
        driver.bus.mmio.quiesce();
        driver.bus.mmio.resume();
        driver.initialise(u64::MAX);
        driver.submit(0, &[Descriptor::writable(BUFFERS, 8)]);
        prop_assert_eq!(driver.wait_used(0), 8);
    }
}
